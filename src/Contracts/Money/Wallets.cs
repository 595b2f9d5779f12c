namespace Tollgate.Contracts.Money;

/// <summary>
/// Accounts' outbox → Billing, <c>PUT /internal/organizations/{id}/wallet</c>: opens a wallet. Idempotent per organization.
/// </summary>
/// <param name="Name">Shown on statements.</param>
/// <param name="WelcomeCreditFor">
/// The confirmed e-mail address that earns welcome credit once; null for no credit. Billing's settings define the amount.
/// </param>
/// <param name="Network">Client's network at confirmation, in CIDR form; null when unknown. Welcome credit is limited per network.</param>
public sealed record OpenWallet(string Name, string? WelcomeCreditFor, string? Network = null);

/// <summary>Billing → Accounts, <c>GET /internal/organizations/{id}/wallet</c>.</summary>
/// <param name="Balance">US dollars not yet billed; includes what tills hold under lease.</param>
/// <param name="Leased">Part of the balance that tills hold.</param>
/// <param name="AsOf">When Billing read the figures.</param>
public sealed record WalletState(decimal Balance, decimal Leased, DateTimeOffset AsOf);

/// <summary>Billing → Accounts, <c>GET /internal/welcome-credits</c>: the last 24 hours.</summary>
/// <param name="Given">Number of organizations that got welcome credit.</param>
/// <param name="Withheld">Organizations that wait for it, grouped by the limit that was reached; the largest groups.</param>
public sealed record WelcomeCreditReport(long Given, IReadOnlyList<WithheldWelcomeCredits> Withheld);

/// <summary>Organizations whose welcome credit waits for the same reason.</summary>
/// <param name="Reason"><c>total</c>, <c>day</c>, <c>domain</c> or <c>network</c>.</param>
/// <param name="What">The mail domain or the network; empty for other reasons.</param>
public sealed record WithheldWelcomeCredits(string Reason, string What, long Organizations);

/// <summary>Accounts → Billing, <c>POST /internal/organizations/{id}/checkouts</c>: starts a top-up.</summary>
/// <param name="AmountUsd">5 to 10,000 whole dollars.</param>
/// <param name="RequestId">Chosen by the page and used as the checkout's id; repeating it returns the same checkout.</param>
public sealed record StartCheckout(int AmountUsd, string Email, string ReturnUrl, Guid RequestId);

/// <summary>Address to which the customer's browser is sent.</summary>
public sealed record CheckoutStarted(string Url);

/// <summary>Billing → Accounts, <c>GET /internal/organizations/{id}/checkouts/{checkout}</c>.</summary>
/// <param name="AmountUsd">The amount that the customer chose and pays.</param>
public sealed record CheckoutState(int AmountUsd, CheckoutProgress Progress, DateTimeOffset CreatedAt);

/// <summary>Progress of a checkout.</summary>
public enum CheckoutProgress
{
    /// <summary>Not paid, as far as Billing knows.</summary>
    Open = 0,

    /// <summary>Paid into the wallet.</summary>
    Paid = 1,

    /// <summary>Ended without a payment.</summary>
    Expired = 2,

    /// <summary>Paid, but the payment does not match the checkout; the operator must check it.</summary>
    Parked = 3,
}

/// <summary>
/// One line of an organization's statement. Billing → Accounts, <c>GET /internal/organizations/{id}/ledger?limit=</c>, newest first.
/// </summary>
/// <param name="Kind"><c>usage</c>, <c>top_up</c>, <c>welcome_credit</c> …</param>
/// <param name="Amount">US dollars; positive raises the balance.</param>
public sealed record StatementLine(Guid TransactionId, DateTimeOffset At, string Kind, string Description, decimal Amount);

/// <summary>
/// A page of the whole statement, for exports. Billing → Accounts, <c>GET /internal/organizations/{id}/ledger/pages?after=</c>: first what
/// is no usage, oldest first, then usage, a line for each UTC day.
/// </summary>
/// <param name="Next">What the next page comes after; null on the last page.</param>
public sealed record LedgerPage(IReadOnlyList<StatementLine> Lines, string? Next);
