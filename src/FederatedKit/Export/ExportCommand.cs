using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;
using Tollgate.FederatedKit.Local;
using Tollgate.FederatedKit.Wire;
using Tollgate.Training.Export;

namespace Tollgate.FederatedKit.Export;

/// <summary><c>export</c>, for the owner: the layer over the base model as a folder that <c>./tollgate models import</c> takes. It is made
/// where the base model lies, because Learning has neither the model nor a runtime for it.</summary>
internal static class ExportCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly Option<DirectoryInfo> Model =
        new("--model") { Description = "Folder of the installed base model, such as models/NAME/1.", Required = true };

    private static readonly Option<DirectoryInfo> Out = new("--out") { Description = "Receives the model.", Required = true };

    public static Command Create()
    {
        var command = new Command("export", "Writes the trained classifier as a folder for './tollgate models import'.")
        {
            ApiOptions.Address, ApiOptions.KeyFile, ApiOptions.Job, Model, Out,
        };
        command.SetAction((parsed, cancellationToken) => KitErrors.Run(() => RunAsync(parsed, cancellationToken)));
        return command;
    }

    /// <summary>Writes a result over its base model.</summary>
    /// <param name="folder">Made new.</param>
    internal static async Task WriteAsync(FederatedResult result, string model, string folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new KitException($"The folder '{folder}' is not empty.");
        }

        var layer = await SharedLayer.OpenAsync(model, result.Task, threads: 1, cancellationToken);
        var (graph, pooled) = layer.Base.WithPooling();
        layer.Layer(MemoryMarshal.Cast<byte, double>(result.Weights).ToArray()).Append(graph, pooled);
        var classifier = new ServedClassifier(
            graph, [.. result.Task.Labels], layer.Base.TokenizerFile, layer.Base.Tokenizer.VocabularySize,
            Math.Min(result.Task.Training.MostTokens, layer.Base.ContextLength));
        Directory.CreateDirectory(folder);
        await classifier.WriteAsync(folder, "Bert", cancellationToken);
        var description = JsonSerializer.SerializeToNode(result, FederatedJson.Default.FederatedResult)!.AsObject();
        description.Remove("weights");
        description["method"] = "federated";
        await File.WriteAllTextAsync(
            Path.Combine(folder, "training.json"), description.ToJsonString(Indented), cancellationToken);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var http = ApiOptions.Connect(parsed, new SocketsHttpHandler());
        var result = await new FederatedApi(http, parsed.GetRequiredValue(ApiOptions.Job), TimeSpan.FromSeconds(2))
            .ResultAsync(cancellationToken);
        var folder = parsed.GetRequiredValue(Out).FullName;
        await WriteAsync(result, parsed.GetRequiredValue(Model).FullName, folder, cancellationToken);
        var epsilon = result.Epsilon is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"epsilon {found:0.###} for delta {result.Task.Privacy.Delta}")
            : "no noise, so no epsilon";
        var figures = result.Evaluation is { } evaluation
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"accuracy {evaluation.Accuracy:0.0000}, macro F1 {evaluation.MacroF1:0.0000} on {evaluation.Rows:0} rows; {epsilon}")
            : epsilon;
        Console.WriteLine($"{folder}: {figures}");
        return 0;
    }
}
