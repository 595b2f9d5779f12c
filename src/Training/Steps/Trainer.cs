using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Rewriting;
using Tollgate.Training.Updates;

namespace Tollgate.Training.Steps;

/// <summary>Trains a model step by step. Two ONNX Runtime sessions share one memory: one computes the gradients of a batch, the other
/// updates the parameters in place. Not thread-safe.</summary>
internal sealed class Trainer : IDisposable
{
    private readonly ModelGraph _forward;
    private readonly TrainingPlan _plan;
    private readonly TrainingGraph _training;
    private readonly ParameterMemory _memory;
    private readonly InferenceSession _gradients;
    private readonly InferenceSession _update;
    private readonly OrtIoBinding _gradientBinding;
    private readonly OrtIoBinding _updateBinding;
    private readonly RunOptions _run = new();
    private readonly float[] _rates = new float[3];
    private readonly float[] _norm = new float[1];
    private readonly List<OrtValue> _owned = [];
    private readonly float[]?[] _masks;
    private AccumulatedGradients? _accumulated;
    private Predictor? _predictor;

    /// <param name="forward">The model as its exporter wrote it.</param>
    /// <exception cref="GradientException">The model cannot be trained so; the message names the node and the reason.</exception>
    public Trainer(ModelGraph forward, TrainingPlan plan)
    {
        (_forward, _plan) = (TrainableForm.WithWeights(forward), plan);
        _training = TrainingGraph.Build(_forward, plan);
        _masks = new float[]?[_training.Masks.Count];
        string[] names = [.. _forward.Parameters.Where(_training.Gradients.ContainsKey)];
        _memory = new ParameterMemory(
        [
            .. names.Select(name => (name, Shape(name), plan.Optimizer.Decay > 0 && plan.Optimizer.IsDecayed(name, Shape(name)))),
        ]);
        foreach (var parameter in _memory.Parameters)
        {
            _forward.Initializers[parameter.Name].Floats.CopyTo(_memory.ValuesOf(parameter));
        }

        _gradients = Sessions.Open(_training.Graph.ToModel(), plan.Threads);
        var optimizer = plan.Optimizer;
        _update = Sessions.Open(
            UpdateGraph.Build(_memory.Blocks, _memory.PerBlock, optimizer.Beta1, optimizer.Beta2, optimizer.ClipNorm), plan.Threads);
        (_gradientBinding, _updateBinding) = (_gradients.CreateIoBinding(), _update.CreateIoBinding());
        Bind();
    }

    /// <summary>Steps that are done.</summary>
    public long Step { get; private set; }

    public IReadOnlyList<PlacedParameter> Parameters => _memory.Parameters;

    public ulong Seed => _plan.Seed;

    public ParameterMemory Memory => _memory;

    /// <summary>Runs a step over the rows of one or more batches, whose gradients are added up.</summary>
    /// <param name="parts">A large batch in parts that fit the memory; the result is that of one batch with all rows.</param>
    /// <param name="rate">Learning rate of this step.</param>
    public StepResult Run(IReadOnlyList<TrainingBatch> parts, double rate)
    {
        var total = parts.Sum(part => part.Weights.Sum(weight => (double)weight));
        if (total <= 0)
        {
            throw new ArgumentException("The weights of all rows are 0.", nameof(parts));
        }

        var loss = 0f;
        for (var i = 0; i < parts.Count; i++)
        {
            loss += RunGradients(parts[i], total, i);
            if (parts.Count > 1)
            {
                _accumulated ??= new AccumulatedGradients(_memory, _plan.Threads);
                _accumulated.Add(isFirst: i == 0, isLast: i == parts.Count - 1);
            }
        }

        Step++;
        Update(rate);
        return new StepResult(loss, _norm[0]);
    }

    /// <summary>Writes parameters, moments and the number of steps, so that another trainer of the same model and plan goes on bit for
    /// bit. A file that is there is replaced whole or not at all.</summary>
    public void Save(string path) => TrainingState.Write(path, Step, _plan.Seed, _memory);

    /// <summary>Goes on from a saved state.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or belongs to another model or plan.</exception>
    public void Restore(string path) => Step = TrainingState.Read(path, _plan.Seed, _memory);

    /// <summary>The logits of rows under the parameters as they are now, without dropout, and their shape.</summary>
    public (float[] Logits, long[] Shape) Predict(IReadOnlyDictionary<string, OnnxTensor> inputs) =>
        (_predictor ??= new Predictor(_forward, _plan, _memory)).Run(inputs);

    /// <summary>The model with the parameters as they are now: its inputs, outputs and operators, with float32 weights.</summary>
    public ModelGraph Export()
    {
        var graph = _forward.Copy();
        foreach (var parameter in _memory.Parameters)
        {
            graph.Initializers[parameter.Name] = OnnxTensor.Of(_memory.ValuesOf(parameter), parameter.Shape);
        }

        return graph;
    }

    public void Dispose()
    {
        _accumulated?.Dispose();
        _predictor?.Dispose();
        _gradientBinding.Dispose();
        _updateBinding.Dispose();
        _gradients.Dispose();
        _update.Dispose();
        _run.Dispose();
        _owned.ForEach(value => value.Dispose());
        _memory.Dispose();
    }

    private long[] Shape(string parameter) => _forward.Initializers[parameter].Shape;

    private void Bind()
    {
        foreach (var parameter in _memory.Parameters)
        {
            _gradientBinding.BindInput(parameter.Name, _memory.ValueView(parameter));
            _gradientBinding.BindOutput(_training.Gradients[parameter.Name], _memory.GradientView(parameter));
        }

        var decay = new float[_memory.Blocks];
        decay.AsSpan(0, (int)_memory.DecayedBlocks).Fill((float)_plan.Optimizer.Decay);
        _updateBinding.BindInput(UpdateGraph.Decay, Own(OrtValue.CreateTensorValueFromMemory(decay, [decay.Length])));
        _updateBinding.BindInput(UpdateGraph.Rates, Own(OrtValue.CreateTensorValueFromMemory(_rates, [3])));
        _updateBinding.BindOutput(UpdateGraph.Norm, Own(OrtValue.CreateTensorValueFromMemory(_norm, [])));

        // In place: each new number depends on the old one at its place, which nothing reads afterwards.
        (string In, string? Out)[] memories =
        [
            (UpdateGraph.Values, UpdateGraph.NewValues), (UpdateGraph.Gradients, null), (UpdateGraph.First, UpdateGraph.NewFirst),
            (UpdateGraph.Second, UpdateGraph.NewSecond),
        ];
        for (var i = 0; i < memories.Length; i++)
        {
            _updateBinding.BindInput(memories[i].In, _memory.AllView(i));
            if (memories[i].Out is { } output)
            {
                _updateBinding.BindOutput(output, _memory.AllView(i));
            }
        }
    }

    private float RunGradients(TrainingBatch batch, double total, int part)
    {
        var bound = new List<OrtValue>();
        try
        {
            var dimensions = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var input in _training.Graph.Inputs.Where(input => batch.Inputs.ContainsKey(input.Name)))
            {
                var tensor = batch.Inputs[input.Name];
                for (var i = 0; i < tensor.Shape.Length; i++)
                {
                    if (input.Dimensions[i] is string name)
                    {
                        dimensions[name] = tensor.Shape[i];
                    }
                }

                BindInput(input.Name, Sessions.Value(tensor), bound);
            }

            BindInput(LossGraph.Labels, Sessions.Value(batch.Labels), bound);
            var weights = Array.ConvertAll(batch.Weights, weight => (float)(weight / total));
            BindInput(LossGraph.RowWeights, OrtValue.CreateTensorValueFromMemory(weights, [weights.Length]), bound);
            for (var i = 0; i < _training.Masks.Count; i++)
            {
                var mask = _training.Masks[i];
                var numbers = MaskMemory(i, checked((int)mask.Count(dimensions)));
                mask.Fill(numbers.Span, _plan.Seed, Step, part);
                BindInput(
                    mask.Input, OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, numbers, [numbers.Length]), bound);
            }

            var loss = new float[1];
            var lossValue = OrtValue.CreateTensorValueFromMemory(loss, []);
            bound.Add(lossValue);
            _gradientBinding.BindOutput(_training.Loss, lossValue);
            _gradients.RunWithBinding(_run, _gradientBinding);
            return loss[0];
        }
        finally
        {
            bound.ForEach(value => value.Dispose());
        }
    }

    /// <summary>Memory of a mask. It is used again: as garbage, masks would be most of what a training leaves behind.</summary>
    private Memory<float> MaskMemory(int mask, int count)
    {
        if (_masks[mask] is not { } memory || memory.Length < count)
        {
            _masks[mask] = memory = new float[count];
        }

        return memory.AsMemory(0, count);
    }

    private void Update(double rate)
    {
        var (first, second) = (1 - Math.Pow(_plan.Optimizer.Beta1, Step), Math.Sqrt(1 - Math.Pow(_plan.Optimizer.Beta2, Step)));
        _rates[0] = (float)rate;
        _rates[1] = (float)(rate * second / first);
        _rates[2] = (float)(_plan.Optimizer.Epsilon * second);
        _update.RunWithBinding(_run, _updateBinding);
    }

    private void BindInput(string name, OrtValue value, List<OrtValue> bound)
    {
        bound.Add(value);
        _gradientBinding.BindInput(name, value);
    }

    private OrtValue Own(OrtValue value)
    {
        _owned.Add(value);
        return value;
    }
}
