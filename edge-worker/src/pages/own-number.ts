import type { Place } from '@fairgate/shared/place.ts';

/** The place's own number, which a draw does not change: by it a browser knows the place again. */
export const ownNumber = ({ lobbyNumber, number }: Place): number => lobbyNumber ?? number;
