import type { NoticeOptouts } from '../../app/ports.ts';
import type { Pool } from './pool.ts';

export function postgresNoticeOptouts(pool: Pool): NoticeOptouts {
  return {
    async add(saleId, recipient) {
      await pool.run(async (sql) => {
        await sql`
          insert into notice_optouts (sale_id, recipient) values (${saleId}, ${recipient})
          on conflict do nothing`;
      });
    },
  };
}
