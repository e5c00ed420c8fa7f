import { createHash } from 'node:crypto';

export const commandNames = [
  'configure',
  'join',
  'look',
  'take',
  'leave',
  'advance',
  'settle',
  'picture',
  'due',
  'figures',
  'remember',
  'promise',
  'lease',
  'books',
  'mend',
] as const;
export type CommandName = (typeof commandNames)[number];

export type Script = { sha: string; source: string };
export type Scripts = Record<CommandName, Script>;

/** The one line of `prelude.lua` that reads the clock; tests put a time of their own there. */
export const clockLine = 'local now = time[1] * 1000 + math.floor(time[2] / 1000)';

/** Puts the prelude in front of each command. `source` gives the text of a file by its name. */
export function makeScripts(source: (name: CommandName | 'prelude') => string): Scripts {
  const prelude = source('prelude');
  const script = (name: CommandName): Script => {
    const text = `${prelude}\n${source(name)}`;
    return { sha: createHash('sha1').update(text).digest('hex'), source: text };
  };
  return {
    configure: script('configure'),
    join: script('join'),
    look: script('look'),
    take: script('take'),
    leave: script('leave'),
    advance: script('advance'),
    settle: script('settle'),
    picture: script('picture'),
    due: script('due'),
    figures: script('figures'),
    remember: script('remember'),
    promise: script('promise'),
    lease: script('lease'),
    books: script('books'),
    mend: script('mend'),
  };
}
