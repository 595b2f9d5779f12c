using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;

namespace Tollgate.Accounts.Departures;

/// <summary>
/// Takes the steps of departures. Each step commits under the lock of the departure's row, or finds that another instance took it. What a
/// step asks of Learning and Billing comes before its commit, and may come twice.
/// </summary>
internal sealed class DepartureSteps(
    AccountsDb db, DepartureDesk desk, KeyRegister keys, OtherServices services, DepartureEnds ends, TimeProvider clock)
{
    /// <summary>Takes the next step of a departure whose grace period is over.</summary>
    /// <returns>Whether another step can follow at once: not at the end, and not while it waits for other departures.</returns>
    /// <exception cref="HttpRequestException">Learning or Billing is away; the step is tried again later.</exception>
    public async Task<bool> TakeAsync(Guid departureId, CancellationToken cancellationToken)
    {
        var departure = await db.Departures.AsNoTracking().SingleAsync(d => d.Id == departureId, cancellationToken);
        if (!departure.IsOpen)
        {
            return false;
        }

        return departure.Step switch
        {
            DepartureStep.Waiting => await BeginAsync(departure, cancellationToken),
            DepartureStep.Organizations => await AwaitOrganizationsAsync(departure, cancellationToken),
            DepartureStep.Keys => await RevokeKeysAsync(departure, cancellationToken),
            DepartureStep.Contents => await DestroyContentsAsync(departure, cancellationToken),
            DepartureStep.Books => await CloseBooksAsync(departure, cancellationToken),
            _ => await ChangeAsync(departure, one => ends.FinishAsync(one, cancellationToken), cancellationToken) && false,
        };
    }

    /// <summary>Looks again whether the departure may begin: memberships may have changed since the request.</summary>
    private async Task<bool> BeginAsync(Departure departure, CancellationToken cancellationToken)
    {
        var kept = new List<Guid>();
        var begins = false;
        await ChangeAsync(
            departure,
            async one =>
            {
                begins = one.DueAt <= clock.GetUtcNow() && await MayBeginAsync(one, kept, cancellationToken);
                if (begins)
                {
                    one.Advance(clock.GetUtcNow());
                }
            },
            cancellationToken);
        await desk.PublishAsync(kept);
        return begins;
    }

    /// <param name="kept">Receives organizations that stay after all.</param>
    private async Task<bool> MayBeginAsync(Departure departure, List<Guid> kept, CancellationToken cancellationToken)
    {
        if (departure.Kind == DepartureKind.Account)
        {
            var ties = await desk.FindTiesAsync(departure.SubjectId, cancellationToken);
            if (ties.NeedAnOwner.Count == 0)
            {
                return true;
            }

            await ends.KeepAccountAsync(departure, ties.NeedAnOwner, cancellationToken);
            kept.AddRange(await desk.CancelChildrenAsync(departure.Id, by: null, cancellationToken));
            return false;
        }

        // An organization that was to go with its only member, and has others by now, stays.
        if (departure.ParentId is null
            || await db.Memberships.CountAsync(one => one.OrganizationId == departure.SubjectId, cancellationToken) <= 1)
        {
            return true;
        }

        if (await desk.CancelAsync(departure.Id, by: null, cancellationToken))
        {
            kept.Add(departure.SubjectId);
        }

        return false;
    }

    /// <summary>Lets the organizations end first that have no other member, also those that became so since the request.</summary>
    private async Task<bool> AwaitOrganizationsAsync(Departure departure, CancellationToken cancellationToken)
    {
        var waits = false;
        var added = new List<Guid>();
        await ChangeAsync(
            departure,
            async one =>
            {
                foreach (var organization in (await desk.FindTiesAsync(one.SubjectId, cancellationToken)).OnlyMember)
                {
                    waits = true;
                    added.Add(organization.Id);
                    await desk.AddAsync(organization.Id, one.SubjectId, TimeSpan.Zero, one.Id, cancellationToken);
                }

                waits |= await db.Departures.AnyAsync(
                    child => child.ParentId == one.Id && child.FinishedAt == null && child.CancelledAt == null, cancellationToken);
                if (!waits)
                {
                    one.Advance(clock.GetUtcNow());
                }
            },
            cancellationToken);
        await desk.PublishAsync(added);
        return !waits;
    }

    private async Task<bool> RevokeKeysAsync(Departure departure, CancellationToken cancellationToken)
    {
        IReadOnlyList<Guid> revoked = [];
        var isDone = await ChangeAsync(
            departure,
            async one =>
            {
                revoked = one.Kind == DepartureKind.Account
                    ? await keys.RevokeAllOwnedByAsync(one.SubjectId, cancellationToken)
                    : await keys.RevokeAllOfOrganizationAsync(one.SubjectId, cancellationToken);
                one.Destroyed = one.Destroyed with { Keys = revoked.Count };
                one.Advance(clock.GetUtcNow());
            },
            cancellationToken);
        await keys.PublishAllAsync(isDone ? revoked : []); // What Redis does not take, the outbox brings.
        return isDone;
    }

    /// <summary>Learning counts what it has destroyed since the first call, so a count that is written twice is still right.</summary>
    private async Task<bool> DestroyContentsAsync(Departure departure, CancellationToken cancellationToken)
    {
        var contents = await services.DestroyContentsAsync(departure.SubjectId, cancellationToken);
        return await ChangeAsync(
            departure,
            one =>
            {
                one.Destroyed = one.Destroyed with
                {
                    Files = contents.Files,
                    FileBytes = contents.FileBytes,
                    Models = contents.Models,
                    Responses = contents.Responses,
                    Jobs = contents.Batches + contents.Jobs,
                };
                if (contents.IsDone)
                {
                    one.Advance(clock.GetUtcNow());
                }

                return Task.CompletedTask;
            },
            cancellationToken);
    }

    private async Task<bool> CloseBooksAsync(Departure departure, CancellationToken cancellationToken)
    {
        var wallet = await services.CloseWalletAsync(departure.SubjectId, cancellationToken);
        return await ChangeAsync(
            departure,
            one =>
            {
                one.Destroyed = one.Destroyed with { Balance = wallet?.Balance };
                one.Advance(clock.GetUtcNow());
                return Task.CompletedTask;
            },
            cancellationToken);
    }

    /// <summary>Runs a change under the lock of the departure's row. False when another instance took the step meanwhile.</summary>
    private async Task<bool> ChangeAsync(Departure seen, Func<Departure, Task> change, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var departure = await db.LockDepartureAsync(seen.Id, cancellationToken);
        if (!departure.IsOpen || departure.Step != seen.Step)
        {
            return false;
        }

        await change(departure);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
