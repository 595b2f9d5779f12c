using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Steps;

/// <summary>Runs the forward graph with the parameters that are being trained, where they lie.</summary>
internal sealed class Predictor : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _run = new();
    private readonly string _logits;

    public Predictor(ModelGraph forward, TrainingPlan plan, ParameterMemory memory)
    {
        var graph = forward.Copy();
        foreach (var parameter in memory.Parameters)
        {
            graph.Inputs.Add(new GraphInput(parameter.Name, TensorElementType.Float, [.. parameter.Shape.Cast<object>()]));
            graph.Initializers.Remove(parameter.Name);
        }

        _logits = plan.Logits;
        _session = Sessions.Open(graph.ToModel(), plan.Threads);
        _binding = _session.CreateIoBinding();
        foreach (var parameter in memory.Parameters)
        {
            _binding.BindInput(parameter.Name, memory.ValueView(parameter));
        }
    }

    public (float[] Logits, long[] Shape) Run(IReadOnlyDictionary<string, OnnxTensor> inputs)
    {
        var values = new List<OrtValue>();
        try
        {
            foreach (var (name, tensor) in inputs)
            {
                values.Add(Sessions.Value(tensor));
                _binding.BindInput(name, values[^1]);
            }

            _binding.BindOutputToDevice(_logits, OrtMemoryInfo.DefaultInstance);
            using var outputs = _session.RunWithBoundResults(_run, _binding);
            return (outputs[0].GetTensorDataAsSpan<float>().ToArray(), outputs[0].GetTensorTypeAndShape().Shape);
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        _session.Dispose();
        _run.Dispose();
    }
}
