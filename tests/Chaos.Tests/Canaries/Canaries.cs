using System.Security.Cryptography;
using System.Text;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Canaries;

/// <summary>Texts that nobody would write by chance, by what they stand for, and the search for them in every log of a cluster.</summary>
internal sealed class Canaries
{
    private readonly Dictionary<string, string> _texts = [];

    /// <summary>A new text that may stand in a header, a URL, a body and a form.</summary>
    public string Plant(string what, string prefix = "")
    {
        var text = prefix + "canary" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(9));
        Watch(what, text);
        return text;
    }

    /// <summary>Watches a text that already exists.</summary>
    public void Watch(string what, string text) => _texts[what] = text;

    /// <summary>What was found where; the text itself is not repeated.</summary>
    /// <returns>Findings, and how many log files were read.</returns>
    public async Task<(IReadOnlyList<string> Findings, int Files)> SearchAsync(TollgateCluster cluster)
    {
        // A log line may hold it as it is or as JSON, a URL or base64 would write it.
        var forms = _texts.SelectMany(canary => new (string What, string Text)[]
        {
            (canary.Key, canary.Value), (canary.Key + ", escaped", Uri.EscapeDataString(canary.Value)),
            (canary.Key + ", base64", Convert.ToBase64String(Encoding.UTF8.GetBytes(canary.Value)).TrimEnd('=')),
        }).ToList();
        List<string> findings = [];
        var files = Directory.GetFiles(cluster.Folder, "*.log", SearchOption.AllDirectories);
        foreach (var file in files)
        {
            await foreach (var line in File.ReadLinesAsync(file))
            {
                findings.AddRange(forms
                    .Where(form => line.Contains(form.Text, StringComparison.OrdinalIgnoreCase))
                    .Select(form => $"{form.What} in {Path.GetFileName(file)}: {Around(line, form.Text)}"));
            }
        }

        return (findings, files.Length);
    }

    private static string Around(string line, string text)
    {
        var at = line.IndexOf(text, StringComparison.OrdinalIgnoreCase);
        return $"{line[..Math.Min(100, at)]} … {line[Math.Max(0, at - 60)..at]}[here]";
    }
}
