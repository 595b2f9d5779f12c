using Tollgate.Contracts.Explanations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.Tests.Keys;

/// <summary>The rules by which gateways decide and pages explain.</summary>
public sealed class KeyRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Project = Guid.NewGuid();

    [Theory]
    [InlineData("m1", "m1", null)]
    [InlineData("alias", "m1", null)]
    [InlineData("m2", "m2", RuleLevel.Project)]
    [InlineData("m3", "m3", RuleLevel.Key)]
    public void A_model_is_refused_by_the_key_or_by_the_project_whichever_comes_first(string asked, string name, RuleLevel? expected)
    {
        var rules = Rules(
            key => key with { ModelsDenied = ["m3"] },
            new ProjectRules { Name = "Shop", ModelsAllowed = ["m1", "m2", "m3"], ModelsDenied = ["m2"] });

        Assert.Equal(expected, rules.RefuseModel(asked, name));
    }

    [Fact]
    public void A_key_of_an_archived_project_is_refused_and_the_keys_own_end_is_named_first()
    {
        var archived = new ProjectRules { Name = "Shop", Archived = true };

        Assert.Null(Rules().Refuse(Now));
        Assert.Equal(KeyRefusal.ProjectArchived, Rules(null, archived).Refuse(Now));
        Assert.Equal(KeyRefusal.Revoked, Rules(key => key with { State = KeyState.Revoked }, archived).Refuse(Now));
        Assert.Equal(KeyRefusal.Expired, Rules(key => key with { ExpiresAt = Now }, archived).Refuse(Now));
    }

    [Fact]
    public void The_tightest_limit_binds_and_the_others_are_named_beside_it()
    {
        var rules = Rules(
            key => key with { Limits = new Limits { RequestsPerMinute = 100, BudgetPerMonthNanoUsd = 2_500_000_000 } },
            null,
            policy => policy with
            {
                Limits = new Limits { RequestsPerMinute = 10_000 },
                Projects = new Dictionary<string, Limits> { [Project.ToString("N")] = new() { RequestsPerMinute = 50 } },
                Models = new Dictionary<string, Limits> { ["m1"] = new() { TokensPerDay = 7 } },
            });

        var values = EffectiveValues.Of(rules, Now);

        var rpm = values.Single(value => value.Name == "rpm");
        Assert.Equal(("50 requests/min", RuleLevel.Project), (rpm.Value, rpm.SetBy));
        Assert.Equal(
            [new RuleValue(RuleLevel.Key, "100 requests/min"), new RuleValue(RuleLevel.Organization, "10,000 requests/min")], rpm.Others);
        var budget = values.Single(value => value.Name == "budget_month");
        Assert.Equal(("$2.50/month", RuleLevel.Key), (budget.Value, budget.SetBy));
        var concurrency = values.Single(value => value.Name == "concurrency");
        Assert.Equal(("not limited", RuleLevel.Installation), (concurrency.Value, concurrency.SetBy));
        var ofModel = values.Single(value => value.Name == "tpd:m1");
        Assert.Equal(("7 tokens/day", RuleLevel.Organization), (ofModel.Value, ofModel.SetBy));
    }

    [Fact]
    public void Lists_are_named_with_whoever_set_them_and_each_model_has_its_verdict()
    {
        var rules = Rules(
            key => key with { Scopes = ["models"], Networks = ["192.0.2.0/24"], ModelsDenied = ["m3"] },
            new ProjectRules { Name = "Shop", ModelsAllowed = ["m1", "m3"] });

        var values = EffectiveValues.Of(rules, Now).ToDictionary(value => value.Name);
        var models = EffectiveValues.Of(
            rules, [new("m1", "m1", false), new("m2", "m2", false), new("m3", "m3", false), new("a", "m1", false), new("m1x", "m1", true)]);

        Assert.Equal(("all but m3", RuleLevel.Key), (values["models"].Value, values["models"].SetBy));
        Assert.Equal([new RuleValue(RuleLevel.Project, "only m1, m3")], values["models"].Others);
        Assert.Equal(("192.0.2.0/24", RuleLevel.Key), (values["networks"].Value, values["networks"].SetBy));
        Assert.Equal(("never", RuleLevel.Installation), (values["expires"].Value, values["expires"].SetBy));
        Assert.Equal("Look up models", values["scopes"].Value);
        Assert.Equal(
            [
                new("m1", true, RuleLevel.Installation), new("m2", false, RuleLevel.Project), new("m3", false, RuleLevel.Key),
                new("a", true, RuleLevel.Installation), new("m1x", false, RuleLevel.Installation),
            ],
            models);
    }

    private static KeyRules Rules(
        Func<KeyRecord, KeyRecord>? change = null, ProjectRules? project = null,
        Func<OrganizationPolicy, OrganizationPolicy>? changePolicy = null)
    {
        var key = new KeyRecord
        {
            PublicId = "abcdefghijkl",
            KeyId = Guid.NewGuid(),
            OrganizationId = Guid.NewGuid(),
            ProjectId = Project,
            Version = Guid.CreateVersion7(Now),
            State = KeyState.Active,
            Secrets = [],
            Limits = Limits.None,
        };
        var policy = new OrganizationPolicy
        {
            OrganizationId = key.OrganizationId,
            Version = Guid.CreateVersion7(Now),
            Suspended = false,
            Limits = Limits.None,
            Projects = new Dictionary<string, Limits>(),
            ProjectRules = project is null ? null : new Dictionary<string, ProjectRules> { [Project.ToString("N")] = project },
            Models = new Dictionary<string, Limits>(),
        };
        return new KeyRules(change?.Invoke(key) ?? key, changePolicy?.Invoke(policy) ?? policy);
    }
}
