/** Binds to an address that another socket of this process has just given up: ZeroMQ frees it in its own thread, some time after `close`. */
export async function bindWhenFree(socket: { bind(endpoint: string): Promise<void> }, endpoint: string): Promise<void> {
  for (;;) {
    const taken = await socket.bind(endpoint).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return true;
        throw error;
      },
    );
    if (!taken) return;
    await new Promise(setImmediate);
  }
}
