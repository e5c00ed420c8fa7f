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
  'log',
  'draw',
  'fault',
  'standing',
  'admitted',
] as const;
export type CommandName = (typeof commandNames)[number];

export type Script = { sha: string; source: string };
export type Scripts = Record<CommandName, Script>;

/** The lines of `prelude.lua` that read the clock and name the Redis; tests put their own there. */
export const clockLine = 'local now = time[1] * 1000 + math.floor(time[2] / 1000)';
export const runLine = "return redis.call('INFO', 'server'):match('run_id:(%x+)')";

/** What stands in front of every command, and the parts of a long one that follow its beginning. */
export const preludeParts = ['prelude', 'places', 'admissions'] as const;
export const advanceParts = [
  'advance-out',
  'advance-in',
  'advance-measure',
  'advance-run',
] as const;
export type PartName = CommandName | (typeof preludeParts)[number] | (typeof advanceParts)[number];

/**
 * Puts the prelude in front of each command, and behind it what appends its records to the log, and
 * what lets all keys of a closed room end with it.
 * `source` gives the text of a file by its name.
 */
export function makeScripts(source: (name: PartName) => string): Scripts {
  const prelude = preludeParts.map(source).join('\n');
  const script = (name: CommandName): Script => {
    const text = `${prelude}
local function command()
${[name, ...(name === 'advance' ? advanceParts : [])].map(source).join('\n')}
end
local reply = command()
flushLog()
endWithRoom()
return reply
`;
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
    log: script('log'),
    draw: script('draw'),
    fault: script('fault'),
    standing: script('standing'),
    admitted: script('admitted'),
  };
}
