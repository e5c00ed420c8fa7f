import type { z } from 'zod';
import type * as view from '../../http/views.ts';
import type * as hooks from '../../http/webhook-views.ts';

// What the API answers, by the schemas that it answers with; nothing of them is in the bundle.

export type Sale = z.infer<typeof view.saleView>;
export type RoomSettings = Sale['room'];
export type Product = z.infer<typeof view.productView>;
export type Order = z.infer<typeof view.orderView>;
export type Ban = z.infer<typeof view.banView>;
export type ApiKey = z.infer<typeof view.keyView>;
export type NewApiKey = z.infer<typeof view.newKeyView>;
export type Webhook = z.infer<typeof hooks.webhookView>;
export type NewWebhook = z.infer<typeof hooks.newWebhookView>;
export type Delivery = z.infer<typeof hooks.deliveryView>;
export type AuditEntry = z.infer<typeof view.auditView>;
export type Session = z.infer<typeof view.sessionView>;
export type LiveRoom = z.infer<typeof view.liveRoomView> & { stale?: boolean };
export type Finding = NonNullable<Sale['warnings']>[number];
export type Role = Session['role'];
export type Page<T> = { items: T[]; nextCursor: string | null };
