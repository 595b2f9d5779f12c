using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Tollgate.Inference.Tests.Models;

/// <summary>Runs a script of the test sources in Node, JSON in and JSON out: other people's implementations to be compared with.</summary>
internal static class NodeOracle
{
    public static async Task<JsonNode> RunAsync(string script, JsonNode input)
    {
        // Beside the repository's node_modules, so that the script's imports resolve.
        var repository = Path.GetDirectoryName(ModelFiles.Defaults)!;
        var path = Path.Combine(repository, "tests", "Inference.Tests", script);
        using var node = Process.Start(new ProcessStartInfo("node", [path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = node.StandardOutput.ReadToEndAsync();
        var error = node.StandardError.ReadToEndAsync();
        await node.StandardInput.WriteAsync(input.ToJsonString());
        node.StandardInput.Close();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, await error);
        return JsonNode.Parse(await output)!;
    }
}
