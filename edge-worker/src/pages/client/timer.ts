// Runs as a Web Worker: browsers let the timers of a page that is hidden for minutes run once a
// minute, and those of a worker on time. Tells the number that it was given, when it is due.

self.onmessage = ({ data }: MessageEvent<{ id: number; ms: number }>) => {
  setTimeout(() => postMessage(data.id), data.ms);
};

// A module to the compiler, so that its names are its own.
export {};
