/** Keeps the screen from going dark for as long as the page is seen, where the browser lets it. */
export function keepAwake(): void {
  const ask = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      await navigator.wakeLock.request("screen");
      document.documentElement.dataset.awake = "true";
    } catch {
      // Refused (an old browser, a battery, no TLS): the page goes on, and says so to whoever looks for it.
      document.documentElement.dataset.awake = "false";
    }
  };
  // The browser takes the lock away whenever the page is hidden.
  document.addEventListener("visibilitychange", ask);
  void ask();
}

/** F, or a double click: full screen and back. */
export function listenForFullScreen(): void {
  const toggle = () => {
    const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    done.catch(() => {});
  };
  window.addEventListener("keydown", ({ key, repeat, ctrlKey, metaKey, altKey }) => {
    if (key.toLowerCase() === "f" && !repeat && !ctrlKey && !metaKey && !altKey) toggle();
  });
  window.addEventListener("dblclick", toggle);
}
