using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Steps;

/// <summary>Adds up the gradients of the parts of a step.</summary>
internal sealed class AccumulatedGradients : IDisposable
{
    private readonly ParameterMemory _memory;
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly OrtValue _sum;
    private readonly RunOptions _run = new();

    public AccumulatedGradients(ParameterMemory memory, int threads)
    {
        _memory = memory;
        _session = Sessions.Open(UpdateGraph.BuildSum(memory.Blocks, memory.PerBlock), threads);
        _binding = _session.CreateIoBinding();
        _sum = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, TensorElementType.Float, [memory.Blocks, memory.PerBlock]);
        _binding.BindInput("sum", _sum);
        _binding.BindInput("part", memory.AllView(1));
        _binding.BindOutput("new_sum", _sum); // In place, number by number.
    }

    /// <summary>Adds the memory's gradients; after the last part they are the sum.</summary>
    public void Add(bool isFirst, bool isLast)
    {
        var sum = _sum.GetTensorMutableDataAsSpan<float>();
        if (isFirst)
        {
            _memory.Gradients.CopyTo(sum);
        }
        else
        {
            _session.RunWithBinding(_run, _binding);
        }

        if (isLast)
        {
            sum.CopyTo(_memory.Gradients);
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        _session.Dispose();
        _sum.Dispose();
        _run.Dispose();
    }
}
