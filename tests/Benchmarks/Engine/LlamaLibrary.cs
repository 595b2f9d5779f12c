using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tollgate.Benchmarks.Engine;

/// <summary>llama.cpp's own library, from the npm package <c>@node-llama-cpp/linux-x64</c>: the functions that the benchmark
/// calls.</summary>
/// <remarks>
/// Parameters go by value in a structure that is larger than the library's: on x86-64 both sides then find the same fields, and
/// <see cref="Check"/> refuses a library whose defaults are not where they are expected.
/// </remarks>
internal static unsafe class LlamaLibrary
{
    private static readonly nint Base = Load("libggml-base.so");
    private static readonly nint Backends = Load("libggml.v*.so");
    private static readonly nint Library = Load("libllama.v*.so");

    public static readonly delegate* unmanaged<byte*, Parameters, nint> LoadModel =
        (delegate* unmanaged<byte*, Parameters, nint>)Find("llama_model_load_from_file");

    public static readonly delegate* unmanaged<nint, Parameters, nint> MakeContext =
        (delegate* unmanaged<nint, Parameters, nint>)Find("llama_init_from_model");

    public static readonly delegate* unmanaged<nint, int, int, void> SetThreads =
        (delegate* unmanaged<nint, int, int, void>)Find("llama_set_n_threads");

    public static readonly delegate* unmanaged<nint, nint> GetVocabulary = (delegate* unmanaged<nint, nint>)Find("llama_model_get_vocab");
    public static readonly delegate* unmanaged<nint, int> CountTokens = (delegate* unmanaged<nint, int>)Find("llama_vocab_n_tokens");
    public static readonly delegate* unmanaged<nint, nint> GetMemory = (delegate* unmanaged<nint, nint>)Find("llama_get_memory");

    public static readonly delegate* unmanaged<nint, int, int, int, byte> RemoveSequence =
        (delegate* unmanaged<nint, int, int, int, byte>)Find("llama_memory_seq_rm");

    public static readonly delegate* unmanaged<nint, Batch, int> Decode = (delegate* unmanaged<nint, Batch, int>)Find("llama_decode");

    public static readonly delegate* unmanaged<nint, int, float*> Logits =
        (delegate* unmanaged<nint, int, float*>)Find("llama_get_logits_ith");

    public static readonly delegate* unmanaged<nint, void> FreeContext = (delegate* unmanaged<nint, void>)Find("llama_free");
    public static readonly delegate* unmanaged<nint, void> FreeModel = (delegate* unmanaged<nint, void>)Find("llama_model_free");

    private static readonly delegate* unmanaged<nint, nint, nint, void> AttachPool =
        (delegate* unmanaged<nint, nint, nint, void>)Find("llama_attach_threadpool");

    /// <summary>Loads the kernels for this processor.</summary>
    /// <returns>The version.</returns>
    public static string Start()
    {
        ((delegate* unmanaged<delegate* unmanaged<int, byte*, void*, void>, void*, void>)Find("llama_log_set"))(&Log, null);
        var folder = Marshal.StringToCoTaskMemUTF8(LlamaPeer.Folder);
        ((delegate* unmanaged<nint, void>)NativeLibrary.GetExport(Backends, "ggml_backend_load_all_from_path"))(folder);
        Marshal.FreeCoTaskMem(folder);
        ((delegate* unmanaged<void>)Find("llama_backend_init"))();
        Check();
        return Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Find("llama_version"))())!;
    }

    public static Parameters ModelDefaults() => ((delegate* unmanaged<Parameters>)Find("llama_model_default_params"))();

    /// <summary>Parameters of a context.</summary>
    /// <param name="sequences">Most sequences; each has an equal part of the length.</param>
    public static Parameters ContextDefaults(int sequences, int length)
    {
        var parameters = ((delegate* unmanaged<Parameters>)Find("llama_context_default_params"))();
        (parameters.Fields[0], parameters.Fields[3]) = ((uint)(sequences * length), (uint)sequences);
        return parameters;
    }

    /// <summary>Gives a context threads that stay, as llama.cpp's server does; without them each step starts its own.</summary>
    public static void KeepThreads(nint context, int threads)
    {
        SetThreads(context, threads, threads);
        if (threads == 1)
        {
            return;
        }

        var options = stackalloc byte[1024]; // more than the structure has
        ((delegate* unmanaged<byte*, int, void>)NativeLibrary.GetExport(Base, "ggml_threadpool_params_init"))(options, threads);
        var device = ((delegate* unmanaged<int, nint>)NativeLibrary.GetExport(Backends, "ggml_backend_dev_by_type"))(0);
        var kernels = ((delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(Base, "ggml_backend_dev_backend_reg"))(device);
        var name = Marshal.StringToCoTaskMemUTF8("ggml_threadpool_new");
        var make = (delegate* unmanaged<byte*, nint>)((delegate* unmanaged<nint, nint, nint>)NativeLibrary.GetExport(
            Base, "ggml_backend_reg_get_proc_address"))(kernels, name);
        Marshal.FreeCoTaskMem(name);
        AttachPool(context, make(options), 0);
    }

    /// <exception cref="NotSupportedException">The structure has another order.</exception>
    private static void Check()
    {
        var fields = ContextDefaults(sequences: 1, length: 512).Fields;
        if (fields[1] != LlamaStreams.BatchTokens || fields[2] != 512 || fields[3] != 1)
        {
            throw new NotSupportedException("This version of llama.cpp orders its parameters in a way that the benchmark does not know.");
        }
    }

    private static nint Find(string name) => NativeLibrary.GetExport(Library, name);

    private static nint Load(string pattern) => NativeLibrary.Load(Directory.GetFiles(LlamaPeer.Folder, pattern).Single());

    [UnmanagedCallersOnly]
    private static void Log(int level, byte* text, void* _)
    {
        if (level == 4) // errors
        {
            Console.Error.Write(Marshal.PtrToStringUTF8((nint)text));
        }
    }

    /// <summary>Any of the library's structures of parameters.</summary>
    public struct Parameters
    {
        public Words Fields;
    }

    /// <summary>512 bytes.</summary>
    [InlineArray(128)]
    public struct Words
    {
        private uint _first;
    }

    /// <summary>Tokens of several sequences, one entry of each array a token.</summary>
    public struct Batch
    {
        public int Count;
        public int* Tokens;
        public float* Embeddings;
        public int* Positions;
        public int* SequenceCounts;
        public int** Sequences;
        public sbyte* WantsLogits;
    }
}
