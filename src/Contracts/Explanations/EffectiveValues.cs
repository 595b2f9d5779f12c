using System.Globalization;
using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.Explanations;

/// <summary>Puts <see cref="KeyRules"/> into rows: what holds, and whose rule it is.</summary>
public static class EffectiveValues
{
    private const string NotLimited = "not limited";

    public static IReadOnlyList<EffectiveValue> Of(KeyRules rules, DateTimeOffset now)
    {
        var (key, project) = (rules.Key, rules.Project);
        return
        [
            Admittance(rules.Refuse(now)),
            OfKey("expires", "Expires", key.ExpiresAt is { } at ? Time(at) : null, "never"),
            OfKey("networks", "Networks", key.Networks is { } networks ? string.Join(", ", networks) : null, "everywhere"),
            OfKey("scopes", "Endpoints", key.Scopes is null ? null : AccessTexts.Scopes(key.Scopes), "all"),
            First(
                "models", "Models", "all",
                (RuleLevel.Key, ModelText(key.ModelsAllowed, key.ModelsDenied)),
                (RuleLevel.Project, ModelText(project?.ModelsAllowed, project?.ModelsDenied))),
            .. LimitKinds.All.Select(kind => Tightest(kind, kind.Name, kind.Label, rules.LimitsOn(model: null))),
            .. OfModels(rules),
            First(
                "responses", "Responses of /v1/responses", "may be kept",
                (RuleLevel.Project, rules.KeepsResponses ? null : "are not kept")),
        ];
    }

    /// <summary>What becomes of each model, by the same rules that refuse a request.</summary>
    public static IReadOnlyList<ModelVerdict> Of(KeyRules rules, IEnumerable<NamedModel> models) =>
    [
        .. models.Select(model => (model.Name, Refused: model.Hidden ? RuleLevel.Installation : rules.RefuseModel(model.Name, model.Model)))
            .Select(it => new ModelVerdict(it.Name, it.Refused is null, it.Refused ?? RuleLevel.Installation)),
    ];

    private static EffectiveValue Admittance(KeyRefusal? refusal) => refusal switch
    {
        null => new("access", "Let in", "yes", RuleLevel.Key, []),
        KeyRefusal.ProjectArchived => new("access", "Let in", "no: the project is archived", RuleLevel.Project, []),
        KeyRefusal.OrganizationSuspended => new("access", "Let in", "no: the organization is suspended", RuleLevel.Organization, []),
        { } own => new("access", "Let in", $"no: the key is {own.ToString().ToLowerInvariant()}", RuleLevel.Key, []),
    };

    private static EffectiveValue OfKey(string name, string label, string? value, string otherwise) =>
        First(name, label, otherwise, (RuleLevel.Key, value));

    /// <summary>The first rule that says anything; the others that do hold as well.</summary>
    private static EffectiveValue First(string name, string label, string otherwise, params (RuleLevel Level, string? Value)[] rules)
    {
        var set = rules.Where(rule => rule.Value is not null).Select(rule => new RuleValue(rule.Level, rule.Value!)).ToArray();
        return set is [var first, .. var others]
            ? new EffectiveValue(name, label, first.Value, first.SetBy, others)
            : new EffectiveValue(name, label, otherwise, RuleLevel.Installation, []);
    }

    /// <summary>The smallest limit of a kind binds first; of equal ones the narrower subject's.</summary>
    private static EffectiveValue Tightest(LimitKind kind, string name, string label, IReadOnlyList<SubjectLimits> subjects)
    {
        var set = subjects.Where(subject => kind.Of(subject.Limits) is not null).OrderBy(subject => kind.Of(subject.Limits)).ToArray();
        return set is [var first, .. var others]
            ? new EffectiveValue(
                name, label, Text(first), LevelOf(first.Level), [.. others.Select(it => new RuleValue(LevelOf(it.Level), Text(it)))])
            : new EffectiveValue(name, label, NotLimited, RuleLevel.Installation, []);

        string Text(SubjectLimits subject) => kind.Show(kind.Of(subject.Limits)!.Value);
    }

    /// <summary>The organization's limits on single models, which hold for requests of that model alone.</summary>
    private static IEnumerable<EffectiveValue> OfModels(KeyRules rules) =>
        from model in rules.Policy.Models.Keys.Order(StringComparer.Ordinal)
        let subjects = rules.LimitsOn(model).Where(subject => subject.Level == LimitLevel.Model).ToArray()
        from kind in LimitKinds.All
        where subjects.Any(subject => kind.Of(subject.Limits) is not null)
        select Tightest(kind, $"{kind.Name}:{model}", $"{kind.Label}, model {model}", subjects);

    private static RuleLevel LevelOf(LimitLevel level) => level switch
    {
        LimitLevel.Key => RuleLevel.Key,
        LimitLevel.Project => RuleLevel.Project,
        _ => RuleLevel.Organization,
    };

    private static string? ModelText(IReadOnlyList<string>? allowed, IReadOnlyList<string>? denied) =>
        allowed is null && denied is null ? null : AccessTexts.Models(allowed, denied);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
