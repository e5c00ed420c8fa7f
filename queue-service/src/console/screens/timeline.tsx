import { settingsText } from '../api/differences.ts';
import type { AuditEntry } from '../api/shapes.ts';
import { actionWords, atClock } from '../parts/words.ts';

/** What an admin did, in a few words. */
export function doneWords({ action, after }: AuditEntry): string {
  if (action === 'room.changed' && after !== null) {
    const named = Object.entries(after).map(([name, value]) => [name.replace('room.', ''), value]);
    return settingsText(Object.fromEntries(named)).slice(0, 60);
  }
  return actionWords(action);
}

/** `key …7s8j8g`: enough to tell one from another. */
export function shortActor(actor: string): string {
  return actor.replace(/^(\w+):\w*?(\w{6})$/, '$1 …$2');
}

/** What was done by whom, newest first. */
export function Timeline({ entries }: { entries: readonly AuditEntry[] }) {
  if (entries.length === 0) return <p class="muted">Nothing yet.</p>;
  return (
    <ol class="timeline">
      {entries.slice(0, 20).map((entry) => (
        <li key={entry.id}>
          <time dateTime={entry.at}>{atClock(entry.at)}</time>
          <span>
            {doneWords(entry)} <span class="muted">by {shortActor(entry.actor)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
