namespace Tollgate.Contracts.Keys;

/// <summary>
/// Operator → Accounts, <c>POST /internal/bootstrap</c>: creates the first operator of a new installation. Changes nothing if there is an
/// operator already.
/// </summary>
public sealed record Bootstrap(string Email, string Password);

/// <summary>Accounts' answer to a bootstrap.</summary>
/// <param name="Created">False when an operator already existed.</param>
/// <param name="KeyText">The first key, shown only once; null when nothing was created.</param>
/// <param name="OrganizationId">The operator's new organization; null when nothing was created.</param>
public sealed record Bootstrapped(bool Created, string? KeyText, Guid? OrganizationId);

/// <summary>
/// Operator → Accounts, <c>POST /internal/keys</c>: creates a key in the operator's own default project. <c>BudgetUsd</c> becomes the
/// key's budget per month.
/// </summary>
public sealed record CreateOperatorKey(string Name, long? RequestsPerMinute, long? TokensPerMinute, decimal? BudgetUsd);

/// <summary>A new key. <c>Text</c> is shown only once.</summary>
public sealed record CreatedKey(Guid KeyId, string PublicId, string Text);

/// <summary>
/// Accounts → operator, <c>GET /internal/keys</c>: keys of the operator's organization, newest first. 404 before the bootstrap.
/// </summary>
/// <param name="Keys">At most 50.</param>
/// <param name="Next">Id after which the next page begins, as <c>?after=</c>; null on the last page.</param>
public sealed record KeyListPage(IReadOnlyList<KeyLine> Keys, Guid? Next);

/// <summary>A key as the operator sees it, without its secret.</summary>
/// <param name="PublicId">The 12 characters after <c>sk-tg-</c>; they name the key in <c>DELETE /internal/keys/{publicId}</c>.</param>
public sealed record KeyLine(
    Guid KeyId, string PublicId, string Name, KeyState State, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, Limits Limits);
