using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Learning;

/// <summary>Writes down what members did to the project's files, batches and models, after Learning took it.</summary>
internal sealed class ProjectAudit(AccountsDb db, Workspace workspace, AuditTrail audit)
{
    /// <param name="action">Such as <c>file.delete</c>.</param>
    /// <param name="subject">Id or name of the object.</param>
    /// <param name="after">What was made or chosen; null where there are no values.</param>
    /// <param name="before">What it replaced.</param>
    public async Task AddAsync(string action, string subject, object? after = null, object? before = null)
    {
        audit.Add(action, subject, workspace.OrganizationId, before, after);
        await db.SaveChangesAsync(CancellationToken.None); // It is done: the entry is written even if the member leaves.
    }
}
