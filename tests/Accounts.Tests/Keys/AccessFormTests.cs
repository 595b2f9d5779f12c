using System.Globalization;
using Tollgate.Accounts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Tests.Keys;

/// <summary>The form for what a key may do, without a page.</summary>
public sealed class AccessFormTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] AllScopes = [.. PublicEndpoint.All.Select(endpoint => endpoint.Scope)];

    [Fact]
    public void TryRead_of_every_endpoint_and_nothing_else_restricts_nothing()
    {
        Assert.True(new AccessForm { Scopes = AllScopes }.TryRead(KeyAccess.All, Now, out var access, out var errors));

        Assert.Equal(KeyAccess.All, access);
        Assert.Empty(errors);
    }

    [Fact]
    public void TryRead_names_every_wrong_member_at_once_and_gives_no_access()
    {
        var form = new AccessForm
        {
            Scopes = ["no endpoint"], ModelRule = AccessForm.OnlyThese, Models = ["", new string('m', 101)], Networks = "nowhere",
            ExpiresAt = "tomorrow",
        };

        Assert.False(form.TryRead(KeyAccess.All, Now, out var access, out var errors));

        Assert.Null(access);
        Assert.Equal(
            [nameof(AccessForm.ExpiresAt), nameof(AccessForm.Models), nameof(AccessForm.Networks), nameof(AccessForm.Scopes)],
            errors.Select(error => error.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(501, false)]
    public void TryRead_takes_up_to_500_different_models(int count, bool isTaken)
    {
        string[] models = [.. Enumerable.Range(0, count).Select(i => $"model-{i.ToString(CultureInfo.InvariantCulture)}")];
        var form = new AccessForm { Scopes = AllScopes, ModelRule = AccessForm.AllButThese, Models = [.. models, .. models] };

        Assert.Equal(isTaken, form.TryRead(KeyAccess.All, Now, out var access, out _));
        Assert.Equal(isTaken ? count : null, access?.ModelsDenied?.Length);
    }

    [Fact]
    public void TryRead_ignores_ticked_models_while_all_are_allowed()
    {
        var form = new AccessForm { Scopes = AllScopes, ModelRule = AccessForm.AllModels, Models = ["tiny-embed"] };

        Assert.True(form.TryRead(KeyAccess.All, Now, out var access, out _));

        Assert.Null(access.ModelsAllowed);
        Assert.Null(access.ModelsDenied);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void TryRead_takes_up_to_100_different_networks(int count, bool isTaken)
    {
        var lines = Enumerable.Range(0, count).Select(i => $"10.0.{i}.0/24").ToList();
        var form = new AccessForm { Scopes = AllScopes, Networks = string.Join("\r\n", [.. lines, "", .. lines]) };

        Assert.Equal(isTaken, form.TryRead(KeyAccess.All, Now, out var access, out _));
        Assert.Equal(isTaken ? lines : null, access?.Networks);
    }

    [Fact]
    public void TryRead_lists_at_most_20_wrong_lines_and_shortens_long_ones()
    {
        var form = new AccessForm { Scopes = AllScopes, Networks = string.Join('\n', Enumerable.Repeat(new string('x', 200), 1000)) };

        Assert.False(form.TryRead(KeyAccess.All, Now, out _, out var errors));

        var texts = errors[nameof(AccessForm.Networks)].ToList();
        Assert.Equal(20, texts.Count);
        Assert.All(texts, text => Assert.InRange(text.Length, 1, 200));
    }

    [Theory]
    [InlineData("2026-03-01T12:00", false)] // Now is not ahead.
    [InlineData("2026-03-01T12:00:01", true)]
    [InlineData("2026-03-01T12:01", true)]
    [InlineData("2026-02-30T12:00", false)]
    [InlineData("2026-03-01T12:01+01:00", false)]
    public void TryRead_takes_a_time_of_utc_that_lies_ahead(string text, bool isTaken)
    {
        var form = new AccessForm { Scopes = AllScopes, ExpiresAt = text };

        Assert.Equal(isTaken, form.TryRead(KeyAccess.All, Now, out _, out var errors));
        Assert.Equal(isTaken ? 0 : 1, errors[nameof(AccessForm.ExpiresAt)].Count());
    }

    [Fact]
    public void Of_a_key_with_both_lists_shows_what_it_may_call()
    {
        var form = AccessForm.Of(KeyAccess.All with { ModelsAllowed = ["a", "b"], ModelsDenied = ["b"] });

        Assert.Equal(AccessForm.OnlyThese, form.ModelRule);
        Assert.Equal(["a"], form.Models!);
    }
}
