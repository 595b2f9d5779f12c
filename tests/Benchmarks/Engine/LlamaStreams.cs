using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Tollgate.Benchmarks.Engine;

/// <summary>
/// llama.cpp driven as its server does: one thread; each step holds the newest token of every sequence that generates, then tokens of
/// prompts up to the batch's length. The likeliest token is taken straight from the logits, which is less work than the server's sampler.
/// </summary>
internal sealed unsafe class LlamaStreams : IStreams
{
    /// <summary>Most tokens of a step: the library's and the server's default.</summary>
    public const int BatchTokens = 2048;

    private readonly nint _model;
    private readonly nint _context;
    private readonly nint _memory;
    private readonly LlamaLibrary.Batch _batch;
    private readonly int* _sequenceIds;
    private readonly Sequence?[] _sequences;
    private readonly ConcurrentQueue<Sequence> _waiting = [];
    private readonly AutoResetEvent _wake = new(false);
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <param name="model">From <see cref="LoadModel"/>; not owned.</param>
    /// <param name="sequences">Most streams at once.</param>
    /// <param name="length">Most tokens of one, prompt and answer.</param>
    public LlamaStreams(nint model, int threads, int sequences, int length)
    {
        _model = model;
        _context = LlamaLibrary.MakeContext(model, LlamaLibrary.ContextDefaults(sequences, length));
        if (_context == 0)
        {
            throw new InvalidOperationException("llama.cpp makes no context; its errors are in the log.");
        }

        LlamaLibrary.KeepThreads(_context, threads);
        _memory = LlamaLibrary.GetMemory(_context);
        _sequences = new Sequence?[sequences];
        _sequenceIds = (int*)Allocate(sequences * sizeof(int));
        for (var i = 0; i < sequences; i++)
        {
            _sequenceIds[i] = i;
        }

        _batch = new LlamaLibrary.Batch
        {
            Tokens = (int*)Allocate(BatchTokens * sizeof(int)),
            Positions = (int*)Allocate(BatchTokens * sizeof(int)),
            SequenceCounts = (int*)Allocate(BatchTokens * sizeof(int)),
            Sequences = (int**)Allocate(BatchTokens * sizeof(int*)),
            WantsLogits = (sbyte*)Allocate(BatchTokens),
        };
        new Span<int>(_batch.SequenceCounts, BatchTokens).Fill(1);
        _thread = new Thread(Run) { IsBackground = true, Name = "llama" };
        _thread.Start();
    }

    public int Vocabulary => LlamaLibrary.CountTokens(LlamaLibrary.GetVocabulary(_model));

    /// <exception cref="InvalidOperationException">It is no file for llama.cpp.</exception>
    public static nint LoadModel(string file)
    {
        var path = Marshal.StringToCoTaskMemUTF8(file);
        var model = LlamaLibrary.LoadModel((byte*)path, LlamaLibrary.ModelDefaults());
        Marshal.FreeCoTaskMem(path);
        return model != 0 ? model : throw new InvalidOperationException($"llama.cpp does not load {file}; its errors are in the log.");
    }

    /// <param name="model">Without streams; 0 for none.</param>
    public static void FreeModel(nint model)
    {
        if (model != 0)
        {
            LlamaLibrary.FreeModel(model);
        }
    }

    public Task RunAsync(Prompt prompt, Action? came, CancellationToken cancellationToken) => AnswerAsync(prompt, came, cancellationToken);

    /// <returns>The tokens of the answer.</returns>
    public Task<int[]> AnswerAsync(Prompt prompt, Action? came, CancellationToken cancellationToken)
    {
        var sequence = new Sequence(prompt, came, cancellationToken);
        _waiting.Enqueue(sequence);
        _wake.Set();
        return sequence.Ended.Task;
    }

    public ValueTask DisposeAsync()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        LlamaLibrary.FreeContext(_context);
        _wake.Dispose();
        foreach (var memory in (ReadOnlySpan<nint>)[(nint)_sequenceIds, (nint)_batch.Tokens, (nint)_batch.Positions,
            (nint)_batch.SequenceCounts, (nint)_batch.Sequences, (nint)_batch.WantsLogits])
        {
            NativeMemory.Free((void*)memory);
        }

        return ValueTask.CompletedTask;
    }

    private static void* Allocate(int bytes) => NativeMemory.AllocZeroed((nuint)bytes);

    private void Run()
    {
        while (!_stopping)
        {
            Admit();
            if (!Step())
            {
                _wake.WaitOne();
            }
        }
    }

    private void Admit()
    {
        for (var i = 0; i < _sequences.Length; i++)
        {
            if (_sequences[i] is { Prompt: var prompt, Cancelled.IsCancellationRequested: true } gone)
            {
                Leave(i, ended => ended.SetCanceled(gone.Cancelled));
            }

            if (_sequences[i] is null && _waiting.TryDequeue(out var next))
            {
                _sequences[i] = next;
            }
        }
    }

    /// <summary>One step. False where nothing is to be done.</summary>
    private bool Step()
    {
        var batch = _batch;
        for (var i = 0; i < _sequences.Length; i++)
        {
            if (_sequences[i] is { Answer.Count: > 0 } sequence)
            {
                Add(ref batch, i, sequence, sequence.Answer[^1], wantsLogits: true);
            }
        }

        for (var i = 0; i < _sequences.Length; i++)
        {
            while (_sequences[i] is { Answer.Count: 0 } sequence && sequence.Past < sequence.Prompt.Ids.Length && batch.Count < BatchTokens)
            {
                Add(ref batch, i, sequence, sequence.Prompt.Ids[sequence.Past], sequence.Past == sequence.Prompt.Ids.Length - 1);
            }
        }

        if (batch.Count == 0)
        {
            return false;
        }

        if (LlamaLibrary.Decode(_context, batch) is not 0 and var code)
        {
            throw new InvalidOperationException($"llama.cpp failed with {code}; its errors are in the log.");
        }

        for (var at = 0; at < batch.Count; at++)
        {
            if (batch.WantsLogits[at] != 0)
            {
                Choose(*batch.Sequences[at], at);
            }
        }

        return true;
    }

    private void Add(ref LlamaLibrary.Batch batch, int index, Sequence sequence, int token, bool wantsLogits)
    {
        batch.Tokens[batch.Count] = token;
        batch.Positions[batch.Count] = sequence.Past++;
        batch.Sequences[batch.Count] = _sequenceIds + index;
        batch.WantsLogits[batch.Count++] = wantsLogits ? (sbyte)1 : (sbyte)0;
    }

    private void Choose(int index, int at)
    {
        var sequence = _sequences[index]!;
        sequence.Answer.Add(TensorPrimitives.IndexOfMax(new ReadOnlySpan<float>(LlamaLibrary.Logits(_context, at), Vocabulary)));
        sequence.Came?.Invoke();
        if (sequence.Answer.Count == sequence.Prompt.Tokens)
        {
            Leave(index, ended => ended.SetResult([.. sequence.Answer]));
        }
    }

    private void Leave(int index, Action<TaskCompletionSource<int[]>> end)
    {
        var sequence = _sequences[index]!;
        _sequences[index] = null;
        _ = LlamaLibrary.RemoveSequence(_memory, index, -1, -1);
        end(sequence.Ended);
    }

    private sealed class Sequence(Prompt prompt, Action? came, CancellationToken cancelled)
    {
        public Prompt Prompt => prompt;

        public Action? Came => came;

        public CancellationToken Cancelled => cancelled;

        public List<int> Answer { get; } = [];

        /// <summary>Tokens in the cache.</summary>
        public int Past { get; set; }

        public TaskCompletionSource<int[]> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
