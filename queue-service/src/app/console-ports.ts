export type ConsoleFile = {
  type: string;
  plain: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer>;
  brotli: Uint8Array<ArrayBuffer>;
};

/** By path, such as `assets/index-….js`; `index.html` is among them. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;
