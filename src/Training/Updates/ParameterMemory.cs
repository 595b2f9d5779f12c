using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Tollgate.Training.Updates;

/// <summary>A trained parameter and where its numbers lie.</summary>
/// <param name="Start">First number in the memory.</param>
internal sealed record PlacedParameter(string Name, long[] Shape, bool IsDecayed, long Start)
{
    public long Count => Shape.Aggregate(1L, (count, dimension) => count * dimension);
}

/// <summary>Values, gradients and moments of all trained parameters, each in one block of native memory that sessions read and write in
/// place. Parameters that decay come first; padding stays 0. Not thread-safe.</summary>
internal sealed unsafe class ParameterMemory : IDisposable
{
    private const int MostPerBlock = 16_384; // Five of them, and what the update makes of them, fit a core's second cache.
    private const int Alignment = 16; // numbers: 64 bytes

    private readonly List<OrtValue> _views = [];
    private readonly float*[] _memory = new float*[4];

    /// <param name="parameters">Name, shape and whether it decays; the order decides the places.</param>
    public ParameterMemory(IReadOnlyList<(string Name, long[] Shape, bool IsDecayed)> parameters)
    {
        var total = parameters.Sum(parameter => Rounded(Count(parameter.Shape), Alignment));
        PerBlock = Math.Max(Alignment, (int)Math.Min(MostPerBlock, Rounded(total, Alignment)));
        var (placed, next) = (new List<PlacedParameter>(), 0L);
        foreach (var isDecayed in (bool[])[true, false])
        {
            foreach (var (name, shape, _) in parameters.Where(parameter => parameter.IsDecayed == isDecayed))
            {
                placed.Add(new PlacedParameter(name, shape, isDecayed, next));
                next += Rounded(Count(shape), Alignment);
            }

            next = Rounded(next, PerBlock);
            DecayedBlocks = isDecayed ? next / PerBlock : DecayedBlocks;
        }

        (Parameters, Blocks) = (placed, next / PerBlock);
        for (var i = 0; i < _memory.Length; i++)
        {
            _memory[i] = (float*)NativeMemory.AlignedAlloc((nuint)(next * sizeof(float)), 64);
            new Span<byte>(_memory[i], checked((int)(next * sizeof(float)))).Clear();
        }
    }

    public IReadOnlyList<PlacedParameter> Parameters { get; }

    public long Blocks { get; }

    /// <summary>Numbers in a block.</summary>
    public int PerBlock { get; }

    /// <summary>Blocks whose parameters decay; the others follow.</summary>
    public long DecayedBlocks { get; }

    public Span<float> Values => All(0);

    public Span<float> Gradients => All(1);

    public Span<float> FirstMoments => All(2);

    public Span<float> SecondMoments => All(3);

    public Span<float> ValuesOf(PlacedParameter parameter) => Values.Slice((int)parameter.Start, (int)parameter.Count);

    public Span<float> GradientsOf(PlacedParameter parameter) => Gradients.Slice((int)parameter.Start, (int)parameter.Count);

    /// <summary>The values of a parameter as a tensor that a session reads or writes in place. Owned by the memory.</summary>
    public OrtValue ValueView(PlacedParameter parameter) => View(0, parameter.Start, parameter.Shape);

    public OrtValue GradientView(PlacedParameter parameter) => View(1, parameter.Start, parameter.Shape);

    /// <summary>All values, gradients, first or second moments (0 to 3) as <c>[blocks, numbers]</c>.</summary>
    public OrtValue AllView(int memory) => View(memory, 0, [Blocks, PerBlock]);

    public void Dispose()
    {
        _views.ForEach(view => view.Dispose());
        _views.Clear();
        for (var i = 0; i < _memory.Length; i++)
        {
            NativeMemory.AlignedFree(_memory[i]);
            _memory[i] = null;
        }
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (count, dimension) => count * dimension);

    private static long Rounded(long count, long unit) => (count + unit - 1) / unit * unit;

    private Span<float> All(int memory) => new(_memory[memory], checked((int)(Blocks * PerBlock)));

    private OrtValue View(int memory, long start, long[] shape)
    {
        var view = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, (nint)(_memory[memory] + start), Count(shape) * sizeof(float));
        _views.Add(view);
        return view;
    }
}
