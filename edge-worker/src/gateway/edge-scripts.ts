import advance from '@fairgate/shared/room/commands/advance.lua';
import books from '@fairgate/shared/room/commands/books.lua';
import configure from '@fairgate/shared/room/commands/configure.lua';
import due from '@fairgate/shared/room/commands/due.lua';
import figures from '@fairgate/shared/room/commands/figures.lua';
import join from '@fairgate/shared/room/commands/join.lua';
import lease from '@fairgate/shared/room/commands/lease.lua';
import leave from '@fairgate/shared/room/commands/leave.lua';
import look from '@fairgate/shared/room/commands/look.lua';
import mend from '@fairgate/shared/room/commands/mend.lua';
import picture from '@fairgate/shared/room/commands/picture.lua';
import prelude from '@fairgate/shared/room/commands/prelude.lua';
import promise from '@fairgate/shared/room/commands/promise.lua';
import remember from '@fairgate/shared/room/commands/remember.lua';
import settle from '@fairgate/shared/room/commands/settle.lua';
import take from '@fairgate/shared/room/commands/take.lua';
import { type CommandName, makeScripts, type Scripts } from '@fairgate/shared/room/scripts.ts';

const texts: Record<CommandName | 'prelude', string> = {
  advance,
  books,
  configure,
  due,
  figures,
  join,
  lease,
  leave,
  look,
  mend,
  picture,
  prelude,
  promise,
  remember,
  settle,
  take,
};

/** The room's commands, bundled as text modules. */
export function edgeScripts(): Scripts {
  return makeScripts((name) => texts[name]);
}
