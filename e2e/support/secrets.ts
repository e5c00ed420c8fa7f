export type Secrets = {
  add(name: string, value: string): string;
  /** Names of those that the text holds, plainly or percent-encoded. */
  foundIn(text: string, except?: string): string[];
};

/** What must not be seen; a JWT is known by its signature and by its payload too. */
export function makeSecrets(): Secrets {
  const parts: { name: string; value: string }[] = [];
  return {
    add(name, value) {
      parts.push({ name, value });
      const [, payload, signature] = value.split('.');
      if (payload) parts.push({ name: `payload of ${name}`, value: payload });
      if (signature) parts.push({ name: `signature of ${name}`, value: signature });
      return value;
    },
    foundIn: (text, except) =>
      parts
        .filter(({ name }) => name !== except)
        .filter(({ value }) => text.includes(value) || text.includes(encodeURIComponent(value)))
        .map(({ name }) => name),
  };
}
