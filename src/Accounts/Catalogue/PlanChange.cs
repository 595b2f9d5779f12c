using Microsoft.EntityFrameworkCore.Storage;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Catalogue;

/// <summary>
/// A change of one model's plan, alone until it ends. <see cref="PlanBook.CommitAsync"/> makes it last; disposal without it takes it back.
/// </summary>
internal sealed class PlanChange(
    AccountsDb db, AuditTrail audit, IDbContextTransaction transaction, string model, ModelPlanEntry? entry, DateTimeOffset now)
    : IAsyncDisposable
{
    private readonly ModelPlan? _before = entry?.ToPlan();
    private ModelPlanEntry? _entry = entry;

    public IDbContextTransaction Transaction => transaction;

    /// <summary>When the change is made.</summary>
    public DateTimeOffset At => now;

    /// <summary>The plan; one that serves the newest version alone where the model has none.</summary>
    public ModelPlan Plan => _entry?.ToPlan() ?? new ModelPlan(model, Unloaded: false, []);

    /// <summary>The running canary of the model; null for none.</summary>
    public Guid? CanaryId => _entry?.CanaryId;

    /// <summary>Replaces the plan. One that says nothing is deleted.</summary>
    /// <param name="canaryId">The canary that holds the plan from here on; null for none.</param>
    public void Set(ModelPlan plan, Guid? canaryId = null)
    {
        if (plan is { Unloaded: false, Versions.Count: 0 })
        {
            if (_entry is not null)
            {
                db.ModelPlans.Remove(_entry);
                _entry = null;
            }

            return;
        }

        if (_entry is null)
        {
            _entry = new ModelPlanEntry { Model = model, Unloaded = false, Versions = [], ChangedAt = now };
            db.ModelPlans.Add(_entry);
        }

        (_entry.Unloaded, _entry.Versions, _entry.CanaryId, _entry.ChangedAt) = (plan.Unloaded, plan.Versions, canaryId, now);
    }

    /// <summary>Adds an audit entry about the change, once <see cref="Set"/> has made it.</summary>
    /// <param name="subject">What changed; cut after 200 characters.</param>
    /// <param name="actorId">The user; null for the command line and the service itself.</param>
    public void WriteDown(string action, string subject, Guid? actorId) =>
        audit.Add(action, subject, before: _before, after: _entry?.ToPlan(), actorId: actorId);

    public ValueTask DisposeAsync() => transaction.DisposeAsync();
}

/// <summary>Why an order about versions is refused.</summary>
/// <param name="Member">Of the order as in JSON, such as <c>version</c>; <c>model</c> for the model itself.</param>
internal sealed record PlanFault(string Member, string Text);
