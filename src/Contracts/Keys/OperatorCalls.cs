namespace Tollgate.Contracts.Keys;

/// <summary>Operator → Accounts, <c>POST /internal/keys</c>: makes a key from the command line.</summary>
/// <param name="ProjectId">Null: the default project of the first operator's organization.</param>
public sealed record CreateKey(string Name, Guid? ProjectId, Limits Limits);

/// <summary>A key that was just made. <paramref name="Text"/> is shown this once and kept nowhere.</summary>
public sealed record CreatedKey(string PublicId, Guid OrganizationId, string Text);

/// <summary>
/// Operator → Accounts, <c>POST /internal/bootstrap</c>: the first operator with an organization, a default project and a key. Idempotent: when
/// an operator exists already, nothing is made.
/// </summary>
public sealed record Bootstrap(string Email, string Password);

/// <summary>Answer to <see cref="Bootstrap"/>.</summary>
/// <param name="Created">False when there was an operator already; then <paramref name="Key"/> is null.</param>
/// <param name="Email">The operator's, whether new or old.</param>
public sealed record Bootstrapped(bool Created, string Email, CreatedKey? Key);
