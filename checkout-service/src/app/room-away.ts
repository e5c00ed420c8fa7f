/** The room's Redis gave no answer: it will give none for the next sale either. */
export class RoomAway extends Error {
  override readonly name = 'RoomAway';
}
