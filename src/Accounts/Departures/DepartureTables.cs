using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Departures;

/// <summary>The table of departures.</summary>
internal static class DepartureTables
{
    extension(AccountsDb db)
    {
        public DbSet<Departure> Departures => db.Set<Departure>();

        /// <summary>The departure of a person or an organization that is neither cancelled nor finished; null without one.</summary>
        public Task<Departure?> FindDepartureAsync(DepartureKind kind, Guid subjectId, CancellationToken cancellationToken) =>
            db.Set<Departure>().AsNoTracking().SingleOrDefaultAsync(
                d => d.Kind == kind && d.SubjectId == subjectId && d.FinishedAt == null && d.CancelledAt == null, cancellationToken);

        /// <summary>Reads a departure under its row's lock, past what the context has cached.</summary>
        public async Task<Departure> LockDepartureAsync(Guid id, CancellationToken cancellationToken)
        {
            db.ChangeTracker.Clear();
            var found = await db.Set<Departure>().FromSql($"select * from accounts.departures where id = {id} for update")
                .ToListAsync(cancellationToken);
            return found[0];
        }
    }
}
