/** The uv of this machine, or one of our own that is installed when there is none. */
export function findUv(): string;
