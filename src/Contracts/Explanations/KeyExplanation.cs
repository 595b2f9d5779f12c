using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.Explanations;

/// <summary>
/// Why a key is limited as it is. Accounts → operator, <c>GET /internal/keys/{publicId}/explanation</c>; 404 when no such key was ever
/// made.
/// </summary>
/// <param name="Owner">E-mail address of the member, or name of the service account; null when the command line made the key.</param>
/// <param name="Project">The project's name.</param>
/// <param name="Organization">The organization's name.</param>
/// <param name="Values">In the order in which a request meets them.</param>
/// <param name="Models">What becomes of each known model; empty while no worker is known.</param>
public sealed record KeyExplanation(
    string PublicId, string Name, string? Owner, string Project, string Organization, IReadOnlyList<EffectiveValue> Values,
    IReadOnlyList<ModelVerdict> Models);

/// <summary>A value that holds for a key.</summary>
/// <param name="Name">Stable name, such as <c>rpm</c> or <c>models</c>.</param>
/// <param name="Label">In words.</param>
/// <param name="SetBy">Whose rule it is; <see cref="RuleLevel.Installation"/> where nobody has set one.</param>
/// <param name="Others">Other rules for the same thing, which hold too and bind less.</param>
public sealed record EffectiveValue(string Name, string Label, string Value, RuleLevel SetBy, IReadOnlyList<RuleValue> Others);

/// <summary>What one rule says.</summary>
public sealed record RuleValue(RuleLevel SetBy, string Value);

/// <summary>Whether a key may call a model.</summary>
/// <param name="Model">A name that a client may write: a real name or an alias.</param>
/// <param name="SetBy">Whose rule refuses it; <see cref="RuleLevel.Installation"/> for a hidden model, and for one that is allowed.</param>
public sealed record ModelVerdict(string Model, bool Allowed, RuleLevel SetBy);

/// <summary>A model as an explanation is asked about it.</summary>
/// <param name="Name">A name that a client may write.</param>
/// <param name="Model">The real name behind it.</param>
/// <param name="Hidden">Whether the operator hides it from everybody.</param>
public sealed record NamedModel(string Name, string Model, bool Hidden);
