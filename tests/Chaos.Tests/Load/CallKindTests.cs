using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>The table of calls is complete, and its calls are what it says.</summary>
public sealed class CallKindTests
{
    private const string Words = "words of a customer";

    public static TheoryData<string> Kinds => [.. CallKind.All.Select(kind => kind.Name)];

    /// <summary>A new endpoint that runs a model belongs into the load: give it a line in <see cref="CallKind.All"/>.</summary>
    [Fact]
    public void All_has_every_endpoint_that_spends()
    {
        var spending = PublicEndpoint.All.Where(api => api.Task is not null).Select(api => api.Scope).ToList();

        Assert.Equal(spending.Order(StringComparer.Ordinal), CallKind.All.Select(kind => kind.Api.Scope).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Draw_makes_every_kind_whichever_way_it_is_asked()
    {
        var random = new Random(1);

        foreach (var draw in (Func<Random, CallPlan>[])[CallKind.Draw, CallKind.DrawEvenly])
        {
            var drawn = Enumerable.Range(0, 5_000).Select(_ => draw(random)).Select(plan => (plan.Path, Name(plan))).Distinct();

            Assert.Equal(CallKind.All.Select(kind => (kind.Api.Path, kind.Name)).Order(), drawn.Order());
        }
    }

    /// <summary>A call whose medium is read knows its own cost, which the books are held against.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Forms_say_what_the_kind_says(string name)
    {
        var kind = CallKind.All.Single(kind => kind.Name == name);

        foreach (var plan in kind.Forms(Words))
        {
            using var body = JsonDocument.Parse(plan.Body);
            Assert.Equal(kind.Api.Path, plan.Path);
            Assert.True(kind.Api.DefaultModel is not null || (kind.Api.Path.Contains("{model}", StringComparison.Ordinal)
                ? plan.Url.Contains($"/{kind.Model.Name}/", StringComparison.Ordinal)
                : body.RootElement.GetProperty("model").GetString() == kind.Model.Name));
            Assert.Equal(plan.Stream, body.RootElement.TryGetProperty("stream", out var stream) && stream.GetBoolean());
            Assert.Equal(kind.Api.Upload != UploadKind.None && kind.Api != PublicEndpoint.Moderations, plan.Sent is not null);
            Assert.True(plan.Sent is not { } sent || ((long[])[sent.AudioMs, sent.Pixels, sent.Elements]).Count(count => count > 0) == 1);
        }
    }

    [Fact]
    public void Forms_are_streams_and_files_where_the_endpoint_has_them()
    {
        var forms = CallKind.All.ToDictionary(
            kind => kind.Name, kind => kind.Forms(Words).Select(plan => (plan.Stream, File: plan.Upload is not null)).Order().ToList());

        Assert.Equal([(false, false), (false, true)], forms["detection"]);
        Assert.Equal([(false, false), (false, true)], forms["reading"]);
        Assert.Equal([(false, true)], forms["translation"]);
        Assert.Equal([(false, true), (true, true)], forms["transcription"]);
        Assert.Equal([(false, false), (true, false)], forms["chat"]);
        Assert.Equal([(false, false), (true, false)], forms["message"]);
    }

    private static string Name(CallPlan plan) => plan.Kind.Split(' ')[0];
}
