using System.Globalization;
using Tollgate.Contracts.Metering;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Calls of a model with tensors, which share runs.</summary>
internal static class TensorCalls
{
    /// <summary>Columns of the model's input, and of its output.</summary>
    public const int Columns = 4;

    public const int Outputs = 3;

    /// <summary>Some rows, flat or as lists in lists; at times with the output named.</summary>
    public static CallPlan Inference(CallDraw draw)
    {
        var random = draw.Random;
        var rows = random.Next(1, 9);
        var numbers = Enumerable.Range(0, rows * Columns)
            .Select(_ => (random.Next(-1000, 1001) / 100m).ToString(CultureInfo.InvariantCulture)).ToArray();
        var data = random.Next(2) == 0
            ? string.Join(',', numbers) : string.Join(',', numbers.Chunk(Columns).Select(row => $"[{string.Join(',', row)}]"));
        var outputs = random.Next(2) == 0 ? ",\"outputs\":[{\"name\":\"y\"}]" : "";
        return draw.Plan(
            $$"""{"inputs":[{"name":"x","shape":[{{rows}},{{Columns}}],"datatype":"FP32","data":[{{data}}]}]{{outputs}}}""") with
        {
            Sent = new Units(0, Calls: 1, Elements: rows * (Columns + Outputs)),
        };
    }
}
