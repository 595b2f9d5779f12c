using System.Text.Json;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Diffusion;

/// <summary>The references of tiny-painter, and PNG files read without the code under test.</summary>
internal static class PainterFiles
{
    public static string Root => Path.Combine(ModelFiles.Defaults, "tiny-painter");

    public static IReadOnlyList<JsonElement> Cases =>
        [.. DiffusersJson.ReadFile(Path.Combine(Root, "reference", "reference.json")).GetProperty("cases").EnumerateArray()];

    public static float[] Numbers(JsonElement owner, string member) =>
        [.. owner.GetProperty(member).EnumerateArray().Select(number => number.GetSingle())];

    public static int[] Ids(JsonElement owner, string member) =>
        [.. owner.GetProperty(member).EnumerateArray().Select(number => number.GetInt32())];
}
