using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Portal;

namespace Tollgate.Accounts.Departures;

/// <summary>The last step of departures: names go, the receipt is signed and mailed, in the caller's transaction.</summary>
internal sealed class DepartureEnds(
    AccountsDb db, DepartureDesk desk, DepartureLetters letters, AuditTrail audit, DepartureEndParts parts)
{
    /// <summary>Removes names and addresses, and ends the departure with its receipt. The caller holds its lock, and saves.</summary>
    public Task FinishAsync(Departure departure, CancellationToken cancellationToken) => departure.Kind == DepartureKind.Account
        ? FinishAccountAsync(departure, cancellationToken)
        : FinishOrganizationAsync(departure, cancellationToken);

    /// <summary>Keeps an account that is needed, and says so by mail. The caller holds the departure's lock.</summary>
    public async Task KeepAccountAsync(
        Departure departure, IReadOnlyList<NamedOrganization> needing, CancellationToken cancellationToken)
    {
        departure.Cancel(by: null, parts.Clock.GetUtcNow());
        await desk.SetLeavingAsync(departure.SubjectId, null, cancellationToken);
        audit.Add("account.cancel-deletion", departure.SubjectId.ToString(), after: new { OnlyOwnerOf = needing.Select(one => one.Id) });
        if (await FindAddressAsync(departure.SubjectId, cancellationToken) is { } to)
        {
            letters.AddAccountNeeded(to, [.. needing.Select(one => one.Name)]);
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    private async Task FinishAccountAsync(Departure departure, CancellationToken cancellationToken)
    {
        var to = await FindAddressAsync(departure.SubjectId, cancellationToken);
        await db.ForgetPersonAsync(departure.SubjectId, cancellationToken);
        Sign(departure);
        audit.Add("account.delete", departure.SubjectId.ToString(), after: departure.Destroyed);
        if (to is not null)
        {
            letters.AddReceipt(to, departure, "Your account", "");
        }
    }

    private async Task FinishOrganizationAsync(Departure departure, CancellationToken cancellationToken)
    {
        var name = await db.Organizations.Where(one => one.Id == departure.SubjectId).Select(one => one.Name)
            .SingleAsync(cancellationToken);
        var owners = await desk.FindOwnersAsync(departure.SubjectId, cancellationToken);
        await db.ForgetOrganizationAsync(departure.SubjectId, cancellationToken);
        Sign(departure);
        audit.Add("organization.delete", departure.SubjectId.ToString(), departure.SubjectId, after: departure.Destroyed);
        var rule = departure.Destroyed.Balance is { } left and > 0
            ? $"{Show.Usd(left)} were left. {parts.Options.Value.BalanceRule}" : "";
        foreach (var owner in owners)
        {
            letters.AddReceipt(owner, departure, $"The organization {name}", rule);
        }
    }

    private void Sign(Departure departure)
    {
        var now = parts.Clock.GetUtcNow();
        var text = DepartureReceipt.TextOf(departure, now);
        departure.Finish(text, parts.Seal.Sign(text), now);
    }

    private Task<Addressee?> FindAddressAsync(Guid userId, CancellationToken cancellationToken) => db.Users
        .Where(user => user.Id == userId && user.Email != null)
        .Select(user => new Addressee(user.Id, user.Email!)).SingleOrDefaultAsync(cancellationToken);
}

/// <summary>What the end of a departure needs beside the database.</summary>
internal sealed record DepartureEndParts(ReceiptSeal Seal, IOptions<DepartureOptions> Options, TimeProvider Clock);
