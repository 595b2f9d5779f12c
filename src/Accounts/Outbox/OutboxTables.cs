using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Outbox;

/// <summary>The table of messages, and the slices' queries on it.</summary>
internal static class OutboxTables
{
    extension(AccountsDb db)
    {
        public DbSet<OutboxMessage> Outbox => db.Set<OutboxMessage>();

        /// <summary>Whether a message about a subject still waits.</summary>
        public Task<bool> IsPendingAsync(OutboxKind kind, Guid subjectId, CancellationToken cancellationToken) =>
            db.Outbox.AnyAsync(m => m.Kind == kind && m.SubjectId == subjectId, cancellationToken);

        /// <summary>
        /// Deletes all messages about a subject. The caller holds the subject's lock, so an uncommitted change, which waits for that lock,
        /// keeps its message.
        /// </summary>
        public Task<int> StrikeOffAsync(OutboxKind kind, Guid subjectId, CancellationToken cancellationToken) =>
            db.Outbox.Where(m => m.Kind == kind && m.SubjectId == subjectId).ExecuteDeleteAsync(cancellationToken);
    }
}
