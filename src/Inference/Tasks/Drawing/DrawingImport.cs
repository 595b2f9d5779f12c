using Tollgate.Contracts.Metering;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A text-to-image folder: the files that a drawing needs are taken as they are, after they have shown what they do.</summary>
internal sealed class DrawingImport(ImportJob job)
{
    private const long MostConfigBytes = 64 << 20;
    private const string GraphName = OnnxGraphFile.UsualName;

    private static readonly string[] Tokenizer = ["vocab.json", "merges.txt"];
    private static readonly string[] TokenizerSettings = ["tokenizer_config.json", "special_tokens_map.json"];

    private string Folder => job.Draft.Folder;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the folder", 0));
        job.Options.PromptCheck?.Require("prompts");
        job.Options.PictureCheck?.Require("pictures");
        var two = DiffusionLayout.Read(job.Path).HasSecondEncoder; // Names what is not supported before anything is copied.
        Copy(DiffusionLayout.IndexFile, required: true);
        Copy(DiffusionLayout.SchedulerFile, required: true);
        foreach (var folder in two
            ? (string[])[DiffusionLayout.TokenizerFolder, DiffusionLayout.SecondTokenizerFolder] : [DiffusionLayout.TokenizerFolder])
        {
            Array.ForEach(Tokenizer, file => Copy($"{folder}/{file}", required: true));
            Array.ForEach(TokenizerSettings, file => Copy($"{folder}/{file}", required: false));
        }

        string[] parts = [DiffusionLayout.TextEncoder, DiffusionLayout.Denoiser, DiffusionLayout.Decoder];
        foreach (var part in two ? [.. parts, DiffusionLayout.SecondTextEncoder] : parts)
        {
            Copy($"{part}/config.json", required: false);
            await TakeGraphAsync(part, cancellationToken);
        }

        job.Progress?.Report(new("trying it", 0));
        using var painter = Painter.Open(Folder, job.Options.Sessions);
        var trial = await Task.Run(() => PainterTrial.Run(painter), cancellationToken);
        var drawing = new ModelDrawing(FindSteps(painter), FindGuidance(painter), trial.OwnTimesteps)
        {
            Prompts = job.Options.PromptCheck,
            Pictures = job.Options.PictureCheck,
        };
        job.Progress?.Report(new("installing", 0));
        var hash = await ModelFolder.HashAsync(job.Path, cancellationToken);
        return await job.Draft.InstallAsync((version, files) => drawing.WriteTo(new ModelManifest
        {
            Name = job.Draft.Name,
            Version = version,
            Task = ModelTask.ImageGeneration.Name,
            Description = job.Options.Description,
            Licence = job.Options.Licence,
            Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", hash),
            Created = job.Options.Clock.GetUtcNow(),
            Files = files,
            Graph = $"{DiffusionLayout.Denoiser}/{GraphName}",
            Limits = new ModelLimits(painter.TextLength, 0),
            Batching = trial.Batching,
            Notes = FindNotes(),
        }), cancellationToken);
    }

    private int FindSteps(Painter painter)
    {
        var scheduler = painter.Layout.Scheduler;
        var steps = job.Options.Steps ?? Math.Min(scheduler.Kind == SchedulerKind.Lcm ? 4 : 50, scheduler.MostSteps);
        return steps >= 1 && steps <= scheduler.MostSteps
            ? steps : throw new ModelImportException($"The model draws in 1 to {scheduler.MostSteps} steps, not in {steps}.");
    }

    /// <summary>The defaults of the pipelines in Diffusers. A consistency model without guidance as an input is used without.</summary>
    private double FindGuidance(Painter painter)
    {
        var usual = painter.Layout.Scheduler.Kind == SchedulerKind.Lcm
            ? painter.Graphs.ReadsGuidance ? 8.5 : 1 : painter.Layout.HasSecondEncoder ? 5 : 7.5;
        var guidance = job.Options.Guidance ?? usual;
        return guidance is >= 0 and <= 100
            ? guidance : throw new ModelImportException($"The guidance {guidance} is not between 0 and 100.");
    }

    private List<string>? FindNotes()
    {
        List<string> notes = [];
        if (DiffusionLayout.FindUnused(job.Path) is { Count: > 0 } unused)
        {
            notes.Add($"Not taken over, because drawing from text does not run them: {string.Join(", ", unused)}.");
        }

        if (job.Options.PromptCheck is { } prompts)
        {
            notes.Add(prompts.Describe("Prompts"));
        }

        if (job.Options.PictureCheck is { } pictures)
        {
            notes.Add(pictures.Describe("Pictures"));
        }

        return notes.Count == 0 ? null : notes;
    }

    private async Task TakeGraphAsync(string part, CancellationToken cancellationToken)
    {
        var source = Path.Combine(job.Path, part, GraphName);
        if (!File.Exists(source))
        {
            throw new ModelImportException($"The folder has no {part}/{GraphName}.");
        }

        Directory.CreateDirectory(Path.Combine(Folder, part));
        var graph = await OnnxGraphFile.ReadAsync(source, cancellationToken);
        await graph.CopyAsync(Path.Combine(Folder, part), GraphName, ["config.json"], cancellationToken);
    }

    private void Copy(string file, bool required)
    {
        var source = new FileInfo(Path.Combine(job.Path, file));
        if (!source.Exists)
        {
            if (required)
            {
                throw new ModelImportException($"The folder has no {file}.");
            }

            return;
        }

        if (source.Length > MostConfigBytes)
        {
            throw new ModelImportException($"{file} has {source.Length} bytes; it may have {MostConfigBytes}.");
        }

        var target = Path.Combine(Folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(source.FullName, target);
    }
}
