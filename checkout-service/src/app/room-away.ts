/** The room's Redis gave no answer: it will give none for the next sale either. */
export class RoomAway extends Error {
  override readonly name = 'RoomAway';
}

/** The room's Redis answered that it cannot do this one thing; the next sale may fare better. */
export class RoomRefused extends Error {
  override readonly name = 'RoomRefused';
}
