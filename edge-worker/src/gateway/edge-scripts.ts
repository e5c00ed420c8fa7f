import admissions from '@fairgate/shared/room/commands/admissions.lua';
import admitted from '@fairgate/shared/room/commands/admitted.lua';
import advance from '@fairgate/shared/room/commands/advance.lua';
import advanceIn from '@fairgate/shared/room/commands/advance-in.lua';
import advanceMeasure from '@fairgate/shared/room/commands/advance-measure.lua';
import advanceOut from '@fairgate/shared/room/commands/advance-out.lua';
import advanceRun from '@fairgate/shared/room/commands/advance-run.lua';
import books from '@fairgate/shared/room/commands/books.lua';
import configure from '@fairgate/shared/room/commands/configure.lua';
import draw from '@fairgate/shared/room/commands/draw.lua';
import due from '@fairgate/shared/room/commands/due.lua';
import fault from '@fairgate/shared/room/commands/fault.lua';
import figures from '@fairgate/shared/room/commands/figures.lua';
import join from '@fairgate/shared/room/commands/join.lua';
import lease from '@fairgate/shared/room/commands/lease.lua';
import leave from '@fairgate/shared/room/commands/leave.lua';
import log from '@fairgate/shared/room/commands/log.lua';
import look from '@fairgate/shared/room/commands/look.lua';
import mend from '@fairgate/shared/room/commands/mend.lua';
import picture from '@fairgate/shared/room/commands/picture.lua';
import places from '@fairgate/shared/room/commands/places.lua';
import prelude from '@fairgate/shared/room/commands/prelude.lua';
import promise from '@fairgate/shared/room/commands/promise.lua';
import remember from '@fairgate/shared/room/commands/remember.lua';
import settle from '@fairgate/shared/room/commands/settle.lua';
import standing from '@fairgate/shared/room/commands/standing.lua';
import take from '@fairgate/shared/room/commands/take.lua';
import { makeScripts, type PartName, type Scripts } from '@fairgate/shared/room/scripts.ts';

const texts: Record<PartName, string> = {
  admissions,
  admitted,
  advance,
  'advance-in': advanceIn,
  'advance-measure': advanceMeasure,
  'advance-out': advanceOut,
  'advance-run': advanceRun,
  books,
  configure,
  draw,
  due,
  fault,
  figures,
  join,
  lease,
  leave,
  log,
  look,
  mend,
  picture,
  places,
  prelude,
  promise,
  remember,
  settle,
  standing,
  take,
};

/** The room's commands, bundled as text modules. */
export function edgeScripts(): Scripts {
  return makeScripts((name) => texts[name]);
}
