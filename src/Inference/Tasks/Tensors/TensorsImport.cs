using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tasks.Embeddings;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>One import of a model of any kind: its graph is taken as it is, its inputs and outputs become the model's signature, and a
/// trial on made-up tensors shows whether requests may share a run.</summary>
/// <param name="graph">Path of the ONNX graph.</param>
internal sealed class TensorsImport(ImportJob job, string graph)
{
    private const string GraphName = OnnxGraphFile.UsualName;

    /// <summary>Most elements of outputs whose size the model does not state, where the operator names no other number.</summary>
    private const long UsualElements = 1 << 20;

    private const int MostTensors = 256;

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("reading the file", 0));
        var file = await OnnxGraphFile.ReadAsync(graph, cancellationToken);
        await file.CopyAsync(job.Draft.Folder, GraphName, [], cancellationToken);
        var described = await ModelStore.DescribeAsync(Path.Combine(job.Draft.Folder, GraphName), cancellationToken);

        job.Progress?.Report(new("trying it", 0));
        using var session = job.Options.Sessions.OpenBounded(Path.Combine(job.Draft.Folder, GraphName));
        var signature = Describe(session, file.Inspection, job.Options.MostElements ?? UsualElements);
        var trial = new TensorTrial(new TensorGraph(session, signature)).Run(cancellationToken);
        List<string> notes = [.. NotesOf(file.Inspection), .. trial.Notes];

        // Activations quantised per tensor share a scale over the whole run: who is in it changes everybody's result.
        var batching = trial.KeepsRows && !file.Inspection.Operators.Contains("DynamicQuantizeLinear");

        job.Progress?.Report(new("installing", 0));
        return await job.Draft.InstallAsync(
            (version, files) => ModelTensors.WriteTo(signature, new ModelManifest
            {
                Name = job.Draft.Name,
                Version = version,
                Task = ModelTask.Tensors.Name,
                Description = job.Options.Description,
                Licence = job.Options.Licence,
                Source = new ModelSource(ModelFolder.NameOf(job.Path), "onnx", described.Sha256),
                Created = job.Options.Clock.GetUtcNow(),
                Files = files,
                Graph = GraphName,
                Limits = new ModelLimits(0, 0),
                ExecutionProviders = ["cpu"],
                Batching = batching,
                Notes = notes.Count == 0 ? null : notes,
            }), cancellationToken);
    }

    /// <summary>Reads the model's inputs and outputs.</summary>
    /// <exception cref="ModelImportException">One of them cannot be a tensor of the protocol.</exception>
    private static TensorSignature Describe(InferenceSession session, OnnxInspection inspection, long mostElements)
    {
        if (session.InputNames.Count is 0 or > MostTensors || session.OutputNames.Count is 0 or > MostTensors)
        {
            throw new ModelImportException(
                $"The model has {session.InputNames.Count} inputs and {session.OutputNames.Count} outputs; 1 to {MostTensors} of each "
                + "are supported.");
        }

        var inputs = session.InputNames.Select(name => Describe("input", name, session.InputMetadata[name])).ToArray();
        if (inputs.FirstOrDefault(input => inspection.Shapeless.Contains(input.Name)) is { } unknown)
        {
            throw new ModelImportException($"The model's input '{unknown.Name}' has no shape; name its dimensions, free ones too.");
        }

        return new TensorSignature(
            inputs, [.. session.OutputNames.Select(name => DescribeOutput(name, session.OutputMetadata[name], inspection))], mostElements);
    }

    /// <summary>An output without a shape is shown as one free dimension: nothing is known of its size.</summary>
    private static TensorSpec DescribeOutput(string name, NodeMetadata metadata, OnnxInspection inspection)
    {
        var spec = Describe("output", name, metadata);
        return spec.Shape.Count == 0 && inspection.Shapeless.Contains(name)
            ? spec with { Shape = [TensorSignature.Dynamic], Symbols = [""] } : spec;
    }

    private static TensorSpec Describe(string kind, string name, NodeMetadata metadata)
    {
        if (metadata.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR)
        {
            throw new ModelImportException($"The model's {kind} '{name}' is no tensor ({metadata.OnnxValueType}).");
        }

        var type = TensorGraph.TypeOf(metadata.ElementDataType) ?? throw new ModelImportException(
            $"The model's {kind} '{name}' has the type {metadata.ElementDataType}; supported are "
            + $"{string.Join(", ", TensorType.All.Select(known => known.Name))}.");
        if (metadata.Dimensions.Length > TensorSignature.MostDimensions)
        {
            throw new ModelImportException(
                $"The model's {kind} '{name}' has {metadata.Dimensions.Length} dimensions; at most {TensorSignature.MostDimensions} are "
                + "supported.");
        }

        return new TensorSpec(
            name, type.Name, [.. metadata.Dimensions.Select(length => length < 0 ? TensorSignature.Dynamic : (long)length)],
            [.. metadata.SymbolicDimensions]);
    }

    /// <summary>What else the file may be for.</summary>
    private static IEnumerable<string> NotesOf(OnnxInspection inspection) =>
        OnnxTask.Recognize(inspection.Inputs, inspection.Outputs) is { } task
            ? [$"By its names it is a model for {task}. It is installed for calls with tensors, on /v2 alone."] : [];
}
