using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Sessions;

/// <summary>Opens ONNX Runtime sessions: one place for the provider, the threads and the memory settings. Thread-safe.</summary>
public sealed class SessionFactory
{
    /// <param name="provider">A probed provider.</param>
    /// <param name="threads">Threads inside one operator. 0: one for each processor.</param>
    /// <param name="spin">
    /// Whether idle threads of the pool spin: faster where the worker has the machine for itself, slower where gateway and databases share
    /// the processors.
    /// </param>
    public SessionFactory(ExecutionProvider provider, int threads = 0, bool spin = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Provider = provider;
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        Spin = spin;
    }

    public ExecutionProvider Provider { get; }

    public int Threads { get; }

    public bool Spin { get; }

    /// <summary>Changes the options of every session; null for nothing. For tests, which let ONNX Runtime note what it runs.</summary>
    internal Action<SessionOptions>? Configure { get; init; }

    /// <summary>Loads a graph.</summary>
    /// <exception cref="ModelImportException">ONNX Runtime refuses the graph.</exception>
    public InferenceSession Open(string path)
    {
        using var options = CreateOptions();
        return Open(path, () => MappedWeights.Open(path, () => new InferenceSession(path, options)));
    }

    /// <summary>Loads the graph of a decoder that an import wrote, to serve it or to compare it with its source.</summary>
    /// <param name="mostThreads">Most threads inside one operator.</param>
    /// <exception cref="ModelImportException">ONNX Runtime refuses the graph, or it is damaged.</exception>
    public InferenceSession OpenDecoder(string path, int mostThreads)
    {
        using var options = CreateOptions();
        options.IntraOpNumThreads = Math.Min(Threads, mostThreads);
        return Open(path, () => Provider.IsCuda ? new InferenceSession(path, options) : DecoderSession.Open(path, options));
    }

    /// <summary>Loads a graph of any kind: on the CPU, and the memory of all runs of such graphs together is bounded.</summary>
    /// <exception cref="ModelImportException">ONNX Runtime refuses the graph.</exception>
    public InferenceSession OpenBounded(string path) => OpenBounded(path, configure: null);

    private InferenceSession OpenBounded(string path, Action<SessionOptions>? configure)
    {
        BoundedMemory.Register();
        using var options = CreateOptions(ExecutionProvider.Cpu);
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
        options.AddSessionConfigEntry("session.use_device_allocator_for_initializers", "1"); // Weights do not count.
        configure?.Invoke(options);
        return Open(path, () => new InferenceSession(path, options));
    }

    /// <summary>Loads a stranger's graph to run it as it stands, once: on the CPU, nothing of it is computed or copied before, and the
    /// memory of its runs is bounded.</summary>
    /// <exception cref="ModelImportException">ONNX Runtime refuses the graph.</exception>
    internal InferenceSession OpenOnce(string path) => OpenBounded(path, options =>
    {
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        options.AddSessionConfigEntry("session.disable_prepacking", "1");
    });

    /// <summary>Loads a graph from memory.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the graph.</exception>
    internal InferenceSession Open(byte[] model)
    {
        using var options = CreateOptions();
        return new InferenceSession(model, options);
    }

    /// <summary>Loads a graph that runs seldom, beside one that serves: on the CPU, and its runs give their memory back.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the graph.</exception>
    internal InferenceSession OpenBeside(byte[] model)
    {
        using var options = CreateOptions(ExecutionProvider.Cpu);
        options.EnableCpuMemArena = false;
        return new InferenceSession(model, options);
    }

    private static InferenceSession Open(string path, Func<InferenceSession> open)
    {
        try
        {
            return open();
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelImportException($"ONNX Runtime cannot load '{Path.GetFileName(path)}': {exception.Message}", exception);
        }
    }

    private SessionOptions CreateOptions(ExecutionProvider? provider = null)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = Threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,

            // Shapes change at every step; a pattern for each of them would only grow.
            EnableMemoryPattern = false,
        };

        // Without VNNI instructions, the default 8-bit kernels add pairs of products in 16 bits and cut what is larger. Other kernels do
        // not, so that quantised models have the same results on every processor.
        options.AddSessionConfigEntry("session.x64quantprecision", "1");
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", Spin ? "1" : "0");
        (provider ?? Provider).AddTo(options);
        Configure?.Invoke(options);
        return options;
    }
}
