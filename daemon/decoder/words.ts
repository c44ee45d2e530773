/** What an error says, without the code in front. */
export function words(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^\[\w+\] /, "");
}
