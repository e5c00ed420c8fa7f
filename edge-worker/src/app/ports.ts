import type {
  JoinQuestion,
  JoinReply,
  LeaveReply,
  LookQuestion,
  LookReply,
  TakeReply,
} from '@fairgate/shared/room/room.ts';

/** No such room; `isEmptied` where Redis knows of no sale at all, as after it was emptied. */
export type UnknownSale = { kind: 'unknown'; isEmptied: boolean };
/** The room cannot be reached; `cause` is for the log. */
export type Unavailable = { kind: 'unavailable'; cause: string };

/** `json` is what `advance.lua` returned; `stale` is the last one, the room being away. */
export type SnapshotAnswer =
  | { kind: 'fresh'; json: string }
  | { kind: 'stale'; json: string; cause: string }
  | UnknownSale
  | Unavailable;
export type JoinAnswer = { kind: 'answered'; reply: JoinReply } | UnknownSale | Unavailable;
export type LookAnswer = { kind: 'answered'; replies: LookReply[] } | UnknownSale | Unavailable;
/** Which of the questions, by their index, stand elsewhere than their tickets say, or have ended. */
export type NoteAnswer = { kind: 'answered'; elsewhere: number[] } | UnknownSale | Unavailable;
/** `jti` belongs to the ordinal in the reply. */
export type TakeAnswer =
  | { kind: 'answered'; reply: TakeReply; jti: string }
  | UnknownSale
  | Unavailable;
export type LeaveAnswer =
  | { kind: 'answered'; outcome: Exclude<LeaveReply, 'unknown'> }
  | UnknownSale
  | Unavailable;
/** Snapshots of public sales, newest start first; the cursor is opaque. */
export type CatalogueAnswer =
  | { kind: 'answered'; snapshots: string[]; nextCursor: string | null }
  | { kind: 'bad-cursor' }
  | Unavailable;

/** The room, as an isolate reaches it. Nothing here throws. */
export type Gateways = {
  snapshot(saleId: string): Promise<SnapshotAnswer>;
  /** With the ticket that is shown, or as a newcomer. */
  join(saleId: string, joiner: JoinQuestion): Promise<JoinAnswer>;
  look(saleId: string, question: LookQuestion): Promise<LookAnswer>;
  /** Heartbeats of many visitors in one call. */
  note(saleId: string, questions: LookQuestion[]): Promise<NoteAnswer>;
  take(saleId: string, question: LookQuestion): Promise<TakeAnswer>;
  leave(saleId: string, ticket: LookQuestion): Promise<LeaveAnswer>;
  catalogue(cursor: string | null, limit: number): Promise<CatalogueAnswer>;
};

/** Keeps a task running after the response went out (`waitUntil`). */
export type Keep = (task: Promise<void>) => void;
