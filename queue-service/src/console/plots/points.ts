import { useEffect, useRef, useState } from 'preact/hooks';
import { findSession, get, session } from '../api/client.ts';
import type { LiveRoom } from '../api/shapes.ts';

/** A moment of a sale, as the history keeps it. */
export type Point = {
  at: string;
  waiting: number;
  active: number;
  admitPerMinute: number;
  admittedPerMinute: number;
  joinedPerMinute: number;
  free: number;
  held: number;
  sold: number;
  errorsPerMinute: number;
  p50Seconds: number | null;
  p95Seconds: number | null;
};

export type Step = 'second' | 'minute';

export function pointOf(room: LiveRoom): Point {
  const { at, waiting, active, admitPerMinute, admittedPerMinute, joinedPerMinute, stock } = room;
  const errorsPerMinute = room.checkouts.reduce((sum, one) => sum + one.errorsPerMinute, 0);
  const { free, held, sold } = stock;
  const rates = { admitPerMinute, admittedPerMinute, joinedPerMinute };
  return { at, waiting, active, ...rates, free, held, sold, errorsPerMinute, ...room.waits };
}

const secondOf = ({ at }: Point) => Math.floor(Date.parse(at) / 1_000);

/** The same points with one more, each second once, no more than an hour of them. */
function withPoint(points: readonly Point[], one: Point): Point[] {
  const last = points.at(-1);
  if (last !== undefined && secondOf(one) < secondOf(last)) return [...points];
  const before =
    last !== undefined && secondOf(one) === secondOf(last) ? points.slice(0, -1) : points;
  return [...before, one].slice(-3_600);
}

export type Watched = {
  room: LiveRoom | null;
  points: readonly Point[];
  /** The stream is not there: what is shown is the last that came. */
  isLost: boolean;
};

const againMs = 3_000;

/** A sale as it goes: the last hour, then each second. */
export function useWatch(saleId: string): Watched {
  const [room, setRoom] = useState<LiveRoom | null>(null);
  const [isLost, setLost] = useState(false);
  const points = useRef<Point[]>([]);
  useEffect(() => {
    let isOver = false;
    let source: EventSource | null = null;
    let timer = 0;
    points.current = [];
    setRoom(null);
    const listen = () => {
      if (isOver) return;
      source = new EventSource(`/v1/sales/${saleId}/stream`);
      source.onmessage = ({ data }) => {
        // By the service's own schema.
        const told: LiveRoom = JSON.parse(data);
        points.current = withPoint(points.current, pointOf(told));
        setLost(told.stale === true);
        setRoom(told);
      };
      source.onerror = () => {
        setLost(true);
        // The browser connects again by itself, unless it was refused.
        if (source?.readyState !== EventSource.CLOSED) return;
        timer = window.setTimeout(() => void findSession().then(listen, listen), againMs);
      };
    };
    const begin = async () => {
      const kept = await get<{ items: Point[] }>(`/v1/sales/${saleId}/history?step=second`);
      if (!isOver) points.current = kept.data.items;
    };
    void begin().then(listen, listen);
    return () => {
      isOver = true;
      clearTimeout(timer);
      source?.close();
    };
  }, [saleId, session.value?.actor]);
  return { room, points: points.current, isLost };
}
