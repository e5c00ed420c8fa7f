import { useEffect } from 'preact/hooks';
import { getAll, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Framed } from '../api/sending.ts';
import type { AuditEntry, LiveRoom } from '../api/shapes.ts';
import { Card, Funnel, StockBar, Waiting } from '../parts/pieces.tsx';
import { compact, count, duration, sentence } from '../parts/words.ts';
import { useWatch } from '../plots/points.ts';
import { Controls } from './controls.tsx';
import { RoomPlots } from './room-plots.tsx';
import { Timeline } from './timeline.tsx';

/** A sale on one screen: what goes on, and what may be done about it. */
export function ControlRoom(framed: Framed) {
  const { sale, reload } = framed;
  const { room, points, isLost } = useWatch(sale.id);
  const audit = useLoad(
    () => getAll<AuditEntry>(`/v1/audit?saleId=${sale.id}&actor=admins&limit=50`, 1),
    `${sale.id} ${sale.updatedAt} ${sale.state}`,
  );
  // Somebody else, or the clock, has moved it, or has set something.
  const told = room === null ? '' : JSON.stringify([room.state, room.settings]);
  useEffect(() => {
    if (told !== '' && told !== JSON.stringify([sale.state, sale.room])) reload();
  }, [told]);
  if (room === null) return isLost ? <Lost /> : <Waiting />;
  const done = audit.data ?? [];
  return (
    <>
      {isLost && <Lost />}
      <div class="room">
        <Tiles room={room} />
        <div class="room-main">
          <RoomPlots saleId={sale.id} points={points} done={done} />
          <div class="room-panels">
            <Card title="Stock">
              <StockBar {...room.stock} />
            </Card>
            <Card title="Turned away">
              <Reasons blocked={room.blocked} />
            </Card>
            <Card title="Checkouts">
              <Checkouts checkouts={room.checkouts} />
            </Card>
          </div>
        </div>
        <div class="room-side">
          {may('operator') && sale.state !== 'closed' && <Controls {...framed} />}
          <Card title="The way of shoppers">
            <Funnel steps={stepsOf(room)} />
          </Card>
          <Card title="What was done">
            <Timeline entries={done} />
          </Card>
        </div>
      </div>
    </>
  );
}

function Lost() {
  return (
    <p class="notice notice-bad" role="status">
      The live figures are not there right now; these are the last ones. They come back by
      themselves.
    </p>
  );
}

function Tiles({ room }: { room: LiveRoom }) {
  const { waiting, active, admittedPerMinute, joinedPerMinute, settings, waits } = room;
  const errors = room.checkouts.reduce((sum, one) => sum + one.errorsPerMinute, 0);
  return (
    <dl class="tiles">
      <Tile
        label="In line"
        value={compact(waiting)}
        more={`${count(joinedPerMinute)} join a minute`}
      />
      <Tile
        label="Let in a minute"
        value={count(admittedPerMinute)}
        more={`set: ${count(settings.admitPerMinute)}`}
        share={admittedPerMinute / Math.max(1, settings.admitPerMinute)}
      />
      <Tile
        label="Active"
        value={count(active)}
        more={`at most ${count(settings.maxActive)}`}
        share={active / settings.maxActive}
      />
      <Tile
        label="Wait, half of all"
        value={duration(waits.p50Seconds)}
        more={`95 %: ${duration(waits.p95Seconds)}`}
      />
      <Tile
        label="Longest wait now"
        value={duration(room.oldestWaitSeconds)}
        more={`${count(room.abandoned)} gave up so far`}
      />
      <Tile
        label="Errors a minute"
        value={count(errors)}
        more={errors === 0 ? 'all is well' : 'look at the checkouts'}
        isBad={errors > 0}
      />
    </dl>
  );
}

type TileProps = { label: string; value: string; more: string; share?: number; isBad?: boolean };

function Tile({ label, value, more, share, isBad }: TileProps) {
  return (
    <div class={isBad ? 'tile tile-bad' : 'tile'}>
      <dt>{label}</dt>
      <dd>
        <span class="tile-value">{value}</span>
        {share !== undefined && (
          <span class="meter" aria-hidden="true">
            <span style={{ width: `${Math.min(1, share) * 100}%` }} />
          </span>
        )}
        <span class="muted">{more}</span>
      </dd>
    </div>
  );
}

function stepsOf(room: LiveRoom) {
  return [
    { label: 'Joined', value: room.joinedTotal },
    { label: 'Let in', value: room.admittedTotal },
    { label: 'Token taken', value: room.issued },
    { label: 'Redeemed', value: room.redeemed },
    { label: 'Paid', value: room.paid },
    { label: 'Ran out', value: room.expired },
    { label: 'Gave up', value: room.abandoned },
  ];
}

export function Reasons({ blocked }: { blocked: Record<string, number> }) {
  const listed = Object.entries(blocked).toSorted(([, a], [, b]) => b - a);
  if (listed.length === 0) return <p class="muted">Nobody so far.</p>;
  return (
    <dl class="pairs">
      {listed.map(([reason, times]) => (
        <div key={reason}>
          <dt>{sentence(reason)}</dt>
          <dd>{count(times)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Checkouts({ checkouts }: { checkouts: LiveRoom['checkouts'] }) {
  if (checkouts.length === 0) return <p class="bad">No checkout was heard of: nobody is let in.</p>;
  return (
    <ul class="plain">
      {checkouts.map(({ instance, breakers, errorsPerMinute, claimsPerSecond, ageSeconds }) => (
        <li key={instance}>
          <strong>{instance}</strong>{' '}
          <span class="muted">
            {ageSeconds > 5 ? `last heard of ${ageSeconds} s ago` : 'answers'} ·{' '}
            {count(errorsPerMinute)} errors a minute ·{' '}
            {claimsPerSecond === null
              ? 'not measured'
              : `${count(claimsPerSecond)} claims a second`}
          </span>
          {Object.entries(breakers).map(([provider, state]) => (
            <span key={provider} class={`badge breaker-${state}`}>
              {provider}: {state === 'closed' ? 'works' : state === 'open' ? 'away' : 'being tried'}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}
