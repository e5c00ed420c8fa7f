import type { NoticeOptouts } from '../../app/ports.ts';
import type { Pool } from './pool.ts';

export function postgresNoticeOptouts(pool: Pool): NoticeOptouts {
  return {
    async add(saleId, recipient) {
      await pool.run(async (sql) => {
        await sql`
          insert into notice_optouts (sale_id, recipient) values (${saleId}, ${recipient})
          on conflict (sale_id, recipient) do update set created_at = now()`;
      });
    },
    async takeBack(saleId, recipient, unsubscribedAt) {
      const until = new Date(unsubscribedAt).toISOString();
      return await pool.run(async (sql) => {
        await sql`
          delete from notice_optouts where sale_id = ${saleId} and recipient = ${recipient}
            and created_at <= ${until}`;
        const left = await sql`
          select from notice_optouts where sale_id = ${saleId} and recipient = ${recipient}`;
        return left.length === 0;
      });
    },
  };
}
