using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Exactness;

/// <summary>Money for ten calls admits ten, however many ask at once; <c>./tollgate chaos exact</c> runs twenty rounds of each.</summary>
[Collection(ThreeGateways.Name)]
public sealed class ExactTests(ThreeGateways shared, ITestOutputHelper output)
{
    private const int Rounds = 3;

    public static TheoryData<string> Variants => [.. ExactVariant.All.Select(variant => variant.Name)];

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Money_for_ten_calls_admits_exactly_ten_of_512_at_once(string name)
    {
        var run = new ExactRun(shared.Cluster, shared.Client, TimeProvider.System);

        var result = await run.RunAsync(ExactVariant.All.Single(variant => variant.Name == name), Rounds);

        output.WriteLine(ExactResult.Head);
        output.WriteLine(result.ToString());
        Assert.Empty(result.Faults());
    }
}
