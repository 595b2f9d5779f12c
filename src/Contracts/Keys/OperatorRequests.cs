namespace Tollgate.Contracts.Keys;

/// <summary>Operator → Accounts, <c>POST /internal/bootstrap</c>: the first operator of a fresh installation. Idempotent: an installation
/// that has one is left as it is.</summary>
public sealed record Bootstrap(string Email, string Password);

/// <summary>Accounts' answer.</summary>
/// <param name="Created">False when the installation had an operator already.</param>
/// <param name="KeyText">The first key, shown this once; null when nothing was created.</param>
public sealed record Bootstrapped(bool Created, string? KeyText);

/// <summary>Operator → Accounts, <c>POST /internal/keys</c>: a key in the operator's own
/// default project. Dollars become the key's budget per month.</summary>
public sealed record CreateOperatorKey(string Name, long? RequestsPerMinute, long? TokensPerMinute, decimal? BudgetUsd);

/// <summary>A new key, shown this once.</summary>
public sealed record CreatedKey(Guid KeyId, string PublicId, string Text);
